//! The session's public certificate goes into the system's store, and the doors get their names.

use bottle_core::claude::{CA_BUNDLE, CA_FILE};
use bottle_core::guest::{Guest, GuestUser};

use super::script;
use crate::error::EngineError;

/// Puts the certificate where programs look for it, replaces the one of an earlier start, maps the doors' names to loopback and
/// leaves no resolver.
///
/// The bundle file is rebuilt from the image's own copy each time: `update-ca-certificates` does the same in half a second, which is
/// most of what a whole start takes.
///
/// # Errors
/// [`EngineError::Provision`].
pub async fn provision_certificate(guest: &dyn Guest, ca_pem: &str) -> Result<(), EngineError> {
    let text = format!(
        r"umask 022
cat > {CA_FILE}
[ -e {CA_BUNDLE}.orig ] || cp {CA_BUNDLE} {CA_BUNDLE}.orig
cat {CA_BUNDLE}.orig {CA_FILE} > {CA_BUNDLE}.new
mv {CA_BUNDLE}.new {CA_BUNDLE}
ln -sf {CA_FILE} /etc/ssl/certs/claude-bottle.pem
if hash=$(openssl x509 -noout -subject_hash -in {CA_FILE} 2>/dev/null); then ln -sf claude-bottle.pem /etc/ssl/certs/$hash.0; fi
printf '127.0.0.1 localhost egress git-gate supervise\n::1 localhost\n' > /etc/hosts
printf '# No resolver: names are resolved outside this bottle.\n' > /etc/resolv.conf
"
    );
    script(
        guest,
        "certificate and doors",
        GuestUser::Root,
        &text,
        ca_pem.as_bytes().to_vec(),
    )
    .await
}
