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

# Prints column $2 of table $1.
_hnv_ctl_rows() {
    local connection=()

    mapfile -t connection < <(_hnv_ctl_connection)
    hnv-ctl "${connection[@]}" --timeout=1 --bare --columns="$2" list "$1" \
        2> /dev/null | awk 'NF'
}

# Prints what an argument called $1 may be.
_hnv_ctl_argument() {
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

_hnv_ctl() {
    local cur=${COMP_WORDS[COMP_CWORD]}
    local i command='' n=0 words arguments

    # The command that the cursor is in, and how many arguments it has.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --) command='' n=0 ;;
        =)
            # A value belongs to the word before.
            i=$((i + 1))
            ;;
        -*) test -z "$command" || n=$((n + 1)) ;;
        *)
            if test -z "$command"; then
                command=${COMP_WORDS[i]}
            else
                n=$((n + 1))
            fi
            ;;
        esac
    done

    if test -z "$command"; then
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
    fi

    COMPREPLY=()
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    if test "${#COMPREPLY[@]}" = 1 && [[ ${COMPREPLY[0]} = *= ]]; then
        compopt -o nospace 2> /dev/null
    fi
}

complete -F _hnv_ctl hnv-ctl
