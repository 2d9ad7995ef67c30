#!/bin/sh
# Runs a command as the service runs: with its account, configuration, secrets and environment. For root: planward status
# Installed as /usr/local/sbin/planward; OPERATIONS.md says when it is needed.
set -eu
unit=$(systemctl cat planward.service)
set -- /opt/planward/env/bin/planward "$@"
# A command's own unit gets what the service's unit and its drop-ins say of these.
while IFS= read -r setting; do
    set -- --property="$setting" "$@"
done <<SETTINGS
$(printf '%s\n' "$unit" | grep -E '^(LoadCredential|LoadCredentialEncrypted|Environment|EnvironmentFile)=.')
SETTINGS
exec systemd-run --quiet --collect --wait --pty --pipe --property=DynamicUser=yes --property=User=planward \
    --property=StateDirectory=planward --property=StateDirectoryMode=0700 --property=WorkingDirectory=/var/lib/planward \
    --property=UMask=0077 "$@"
