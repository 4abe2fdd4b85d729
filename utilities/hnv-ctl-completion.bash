# bash completion for hnv-ctl                             -*- shell-script -*-
# SPDX-License-Identifier: Apache-2.0
#
# Everything is asked of hnv-ctl itself: "hnv-ctl --commands" has a line
# "OPTIONS,NAME,ARGUMENTS" for each command, where each argument begins with
# "!", "?", "*" or "+".  Names of objects come from the database, if it answers
# within a second.

# Prints the options that are given before the command and concern the
# connection.
_hnv_ctl_connection() {
    local i

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --db | --private-key | --certificate | --ca-cert)
            # Bash splits words at "=".
            printf '%s=%s\n' "${COMP_WORDS[i]}" "${COMP_WORDS[i + 2]}"
            ;;
        esac
    done
}

# Asks the database.
_hnv_ctl_ask() {
    local connection=()

    mapfile -t connection < <(_hnv_ctl_connection)
    hnv-ctl "${connection[@]}" --timeout=1 "$@" 2> /dev/null | awk 'NF'
}

# Prints column $2 of table $1, of the rows that meet conditions $3...
_hnv_ctl_rows() {
    local table=$1 column=$2

    shift 2
    _hnv_ctl_ask --bare --columns="$column" find "$table" "$@"
}

# Prints the columns of table $1, as in COLUMN=VALUE.  Tables with many rows are
# asked for few.
_hnv_ctl_columns() {
    case $1 in
    Lookup_Record | L2_Record | Customer_Route)
        _hnv_ctl_ask --format=csv find "$1" vsid=16777214
        ;;
    *) _hnv_ctl_ask --format=csv list "$1" ;;
    esac | head -n 1 | tr , '\n' | sed '/^_/d; s/$/=/'
}

# Prints the table of the rows that command $1 is about.
_hnv_ctl_table() {
    case ${1%-*} in
    domain) echo Routing_Domain ;;
    subnet) echo Virtual_Subnet ;;
    route) echo Customer_Route ;;
    record) echo Lookup_Record ;;
    l2-record) echo L2_Record ;;
    host) echo Host ;;
    pa) echo Provider_Address ;;
    pa-route) echo Provider_Route ;;
    port) echo Port ;;
    acl) echo Port_ACL ;;
    acl-group) echo ACL_Group ;;
    address-set) echo Address_Set ;;
    hook) echo Controller_Hook ;;
    network) echo Logical_Network ;;
    site) echo Network_Site ;;
    ip-pool) echo IP_Pool ;;
    mac-pool) echo MAC_Pool ;;
    global) echo HNV_Global ;;
    esac
}

# Prints what may follow option $1 and "=".
_hnv_ctl_option_value() {
    case $1 in
    --wait) printf '%s\n' hosts none ;;
    --format) printf '%s\n' table list html csv json ;;
    --data) printf '%s\n' string bare json ;;
    --host) _hnv_ctl_rows Host name ;;
    esac
}

# Prints what an argument called $1 may be, of $command after $arguments.
_hnv_ctl_argument() {
    local table

    table=$(_hnv_ctl_table "$command")
    case $1 in
    *'|'*)
        local word
        for word in ${1//'|'/ }; do
            _hnv_ctl_argument "$word"
        done
        ;;
    DOMAIN) _hnv_ctl_rows Routing_Domain name ;;
    VSID) _hnv_ctl_rows Virtual_Subnet vsid ;;
    HOST) _hnv_ctl_rows Host name ;;
    PORT) _hnv_ctl_rows Port name ;;
    PA) _hnv_ctl_rows Provider_Address address ;;
    CA)
        test ${#given[@]} = 0 \
            || _hnv_ctl_rows Lookup_Record customer_address vsid="${given[0]}"
        ;;
    MAC)
        test "$table" != L2_Record \
            || _hnv_ctl_rows L2_Record mac vsid="${given[0]}"
        ;;
    PREFIX)
        test "$table" != Customer_Route \
            || _hnv_ctl_rows Customer_Route destination_prefix
        ;;
    NAME)
        case $command in
        address-set-* | hook-*) _hnv_ctl_rows "$table" name ;;
        esac
        ;;
    COLUMN=VALUE) test -z "$table" || _hnv_ctl_columns "$table" ;;
    GROUP) _hnv_ctl_rows ACL_Group name ;;
    NETWORK) _hnv_ctl_rows Logical_Network name ;;
    SITE) _hnv_ctl_rows Network_Site name ;;
    POOL)
        _hnv_ctl_rows IP_Pool name
        _hnv_ctl_rows MAC_Pool name
        ;;
    DIRECTION) printf '%s\n' inbound outbound ;;
    ACTION) printf '%s\n' allow deny ;;
    STAGE) printf '%s\n' pre post ;;
    TABLE)
        hnv-ctl --help | sed -n 's/^  \([A-Z][A-Za-z0-9_]*\):$/\1/p'
        ;;
    read-only | read-write) echo "$1" ;;
    esac
}

# Prints the parameters of the cmdlet $1.
_hnv_ctl_parameters() {
    case $1 in
    *LookupRecord)
        printf '%s\n' -CustomerAddress -VirtualSubnetID -MACAddress \
            -ProviderAddress -CustomerID -Context -Rule -VMName \
            -UseVmMACAddress -Type -Unusable
        ;;
    *CustomerRoute)
        printf '%s\n' -RoutingDomainID -VirtualSubnetID -DestinationPrefix \
            -NextHop -Metric
        ;;
    *ProviderAddress)
        printf '%s\n' -ProviderAddress -InterfaceIndex -PrefixLength \
            -VlanID -MACAddress -AddressState -CimSession
        ;;
    *ProviderRoute)
        printf '%s\n' -InterfaceIndex -DestinationPrefix -NextHop -Metric \
            -CimSession
        ;;
    Set-*Global) echo -UseExternalRouter ;;
    *NextHop)
        printf '%s\n' -SourceCustomerAddress -DestinationCustomerAddress \
            -SourceVirtualSubnetID
        ;;
    esac
    case $1 in
    Remove-*) printf '%s\n' -PassThru -All ;;
    *Global) ;;
    New-* | Set-*) echo -PassThru ;;
    esac
}

# Prints all options, of hnv-ctl and of its commands.
_hnv_ctl_options() {
    hnv-ctl --options | awk '/^--/ { sub(/=ARG/, "="); print }'
    hnv-ctl --commands | cut -d, -f1 | tr -d '[]' | tr ' ' '\n' | sort -u
}

# Prints the words up to the cursor, one a line.  Bash splits them at ":", which
# addresses and databases have.
_hnv_ctl_words() {
    local words=() word glue=no

    for word in "${COMP_WORDS[@]:0:COMP_CWORD + 1}"; do
        if [[ ${#words[@]} -gt 0 && $word =~ ^:+$ ]]; then
            words[-1]+=$word
            glue=yes
        elif test $glue = yes; then
            words[-1]+=$word
            glue=no
        else
            words+=("$word")
        fi
    done
    printf '%s\n' "${words[@]}"
}

_hnv_ctl() {
    local joined
    mapfile -t joined < <(_hnv_ctl_words)
    local COMP_WORDS=("${joined[@]}") COMP_CWORD=$((${#joined[@]} - 1))

    local cur=${COMP_WORDS[COMP_CWORD]}
    local i command='' n=0 given=() option='' words arguments

    # The command that the cursor is in, and how many arguments it has.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --) command='' n=0 given=() ;;
        =)
            # A value belongs to the word before.
            i=$((i + 1))
            ;;
        -*) test -z "$command" || n=$((n + 1)) ;;
        *)
            if test -z "$command"; then
                command=${COMP_WORDS[i]}
            else
                given+=("${COMP_WORDS[i]}")
                n=$((n + 1))
            fi
            ;;
        esac
    done

    if test "$cur" = = && test "$COMP_CWORD" -gt 1; then
        option=${COMP_WORDS[COMP_CWORD - 1]} cur=''
    elif test "$COMP_CWORD" -gt 2 \
         && test "${COMP_WORDS[COMP_CWORD - 1]}" = =; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi

    if test -n "$option"; then
        words=$(_hnv_ctl_option_value "$option")
    elif test -z "$command"; then
        case $cur in
        -*) words=$(_hnv_ctl_options) ;;
        *) words=$(hnv-ctl --commands | cut -d, -f2) ;;
        esac
    elif [[ $command = *-NetVirtualization* ]]; then
        words=$(_hnv_ctl_parameters "$command")
    else
        arguments=$(hnv-ctl --commands | awk -F, -v command="$command" \
            '$2 == command { sub(/^[^,]*,[^,]*,/, ""); print }')
        # shellcheck disable=SC2086  # Arguments are words.
        set -- $arguments
        while test $# -gt 1 && test $n -gt 0; do
            shift
            n=$((n - 1))
        done
        words=$(_hnv_ctl_argument "${1#[?*+!]}")
        # What need not be there may be left out.
        while test $# -gt 1 && [[ $1 = [?*]* ]]; do
            shift
            words+=$'\n'$(_hnv_ctl_argument "${1#[?*+!]}")
        done
    fi

    COMPREPLY=()
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    # What is before the last ":" is another word for Bash.
    COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
    if test "${#COMPREPLY[@]}" = 1 && [[ ${COMPREPLY[0]} = *= ]]; then
        compopt -o nospace 2> /dev/null
    fi
}

complete -F _hnv_ctl hnv-ctl
