dnl SPDX-License-Identifier: Apache-2.0

dnl HNV_SAVE_ARGUMENTS
dnl
dnl Remembers what the user passed to configure, before other macros add to it.
AC_DEFUN([HNV_SAVE_ARGUMENTS], [hnv_configure_args=$ac_configure_args])

dnl HNV_NEED_PROG(VARIABLE, PROGRAM, DEBIAN-PACKAGE)
dnl
dnl Sets VARIABLE to PROGRAM, or notes that DEBIAN-PACKAGE is missing.
AC_DEFUN([HNV_NEED_PROG],
  [AC_CHECK_PROG([$1], [$2], [$2])
   test -n "$$1" || hnv_missing="$hnv_missing $3"])

dnl HNV_NEED_HEADER(HEADER, DEBIAN-PACKAGE)
dnl
dnl Notes that DEBIAN-PACKAGE is missing if C cannot include HEADER.
AC_DEFUN([HNV_NEED_HEADER],
  [AC_CHECK_HEADER([$1], [], [hnv_missing="$hnv_missing $2"])])

dnl HNV_NEED_PYTHON3
dnl
dnl Sets PYTHON3.  The system's own comes first, because that is the one that
dnl sees the modules in the distribution's packages, such as scapy.
AC_DEFUN([HNV_NEED_PYTHON3],
  [AC_ARG_VAR([PYTHON3], [Python 3 interpreter])
   AC_PATH_PROG([PYTHON3], [python3], [], [/usr/bin:$PATH])
   test -n "$PYTHON3" || hnv_missing="$hnv_missing python3"])

dnl HNV_REPORT_MISSING
dnl
dnl Fails if anything that one of the macros above looked for is missing.
AC_DEFUN([HNV_REPORT_MISSING],
  [if test -n "$hnv_missing"; then
     AC_MSG_ERROR([missing packages; run: apt-get install$hnv_missing])
   fi])

dnl HNV_CHECK_OVS_SOURCE
dnl
dnl Finds the source code of Open vSwitch, downloading it if need be.  Sets
dnl OVS_SOURCE, OVS_SERIES, and OVS_VERSION.
AC_DEFUN([HNV_CHECK_OVS_SOURCE],
  [AC_ARG_WITH([ovs-source],
     [AS_HELP_STRING([--with-ovs-source=DIR|FILE],
        [source tree of Open vSwitch, as a directory, as Debian's
         openvswitch-source package, or as a tar archive; downloaded with apt
         by default])],
     [], [with_ovs_source=])
   AC_ARG_ENABLE([untested-ovs],
     [AS_HELP_STRING([--enable-untested-ovs],
        [only warn if the version of Open vSwitch is not known to work])])
   case $with_ovs_source in
   yes | no) AC_MSG_ERROR([--with-ovs-source needs a directory or a file]) ;;
   esac
   hnv_options=
   test "$enable_untested_ovs" != yes || hnv_options=--allow-untested
   AC_MSG_NOTICE([looking for the source code of Open vSwitch])
   hnv_ovs=`"$srcdir/utilities/ovs-source" $hnv_options \
                ${with_ovs_source:+"$with_ovs_source"}` \
     || AC_MSG_ERROR([cannot go on without the source code of Open vSwitch])
   OVS_VERSION=`AS_ECHO(["$hnv_ovs"]) | sed -n 's/^version //p'`
   OVS_SERIES=`AS_ECHO(["$hnv_ovs"]) | sed -n 's/^series //p'`
   OVS_SOURCE=`AS_ECHO(["$hnv_ovs"]) | sed -n 's/^source //p'`
   AC_SUBST([OVS_VERSION])
   AC_SUBST([OVS_SERIES])
   AC_SUBST([OVS_SOURCE])])

dnl HNV_COMPILER_FLAGS
dnl
dnl Sets HNV_CFLAGS to the warnings, and so on, that our own C code uses.
AC_DEFUN([HNV_COMPILER_FLAGS],
  [AC_ARG_ENABLE([Werror],
     [AS_HELP_STRING([--enable-Werror],
        [make compiler warnings errors, here and in Open vSwitch])])
   HNV_CFLAGS="-Wall -Wextra -Wno-sign-compare -Wpointer-arith -Wshadow \
-Wformat-security -Wswitch-enum -Wbad-function-cast -Wcast-align \
-Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes \
-Wmissing-field-initializers -fno-strict-aliasing"
   test "$enable_Werror" != yes || HNV_CFLAGS="$HNV_CFLAGS -Werror"
   AC_SUBST([HNV_CFLAGS])
   NPROC=`nproc 2>/dev/null || echo 1`
   AC_SUBST([NPROC])])

dnl HNV_OVS_ARGUMENTS
dnl
dnl Sets OVS_CONFIGURE_ARGS to the arguments for Open vSwitch's own configure:
dnl those that the user gave us, except for those that are about our source.
AC_DEFUN([HNV_OVS_ARGUMENTS],
  [OVS_CONFIGURE_ARGS=
   eval "set x $hnv_configure_args"
   shift
   for hnv_arg
   do
     case $hnv_arg in
     --with-ovs-source* | --enable-untested-ovs* | --srcdir* | \
     --cache-file* | --disable-option-checking | PYTHON3=*) continue ;;
     esac
     dnl Quoted for the shell, then for make.
     hnv_arg=`AS_ECHO(["$hnv_arg"]) | sed "s/'/'\\\\\\\\''/g" \
                | sed 's/[[$]]/$$/g'`
     AS_VAR_APPEND([OVS_CONFIGURE_ARGS], [" '$hnv_arg'"])
   done
   AS_VAR_APPEND([OVS_CONFIGURE_ARGS], [" 'PYTHON3=$PYTHON3'"])
   AC_SUBST([OVS_CONFIGURE_ARGS])])
