//! Who the user is, and that nothing in the guest makes it more.

use std::fs;

use rustix::process::{Uid, getegid, geteuid, getgid, getuid};
use rustix::thread::{no_new_privs, set_thread_uid};

use super::{Finding, Options};
use crate::guest::proc_text;

/// Sets of rights that the user could use; what bounds them is moot once no program can give any.
const SETS: [&str; 4] = ["CapInh", "CapPrm", "CapEff", "CapAmb"];

pub(super) fn not_root(_: &Options) -> Finding {
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    let seen = format!("uid {uid}, gid {gid}");
    if [uid, geteuid().as_raw(), gid, getegid().as_raw()].contains(&0) {
        Finding::bad(seen)
    } else {
        Finding::good(seen)
    }
}

pub(super) fn cannot_become_root(_: &Options) -> Finding {
    let mut holes = Vec::new();
    if !no_new_privs().unwrap_or(false) {
        holes.push("programs may raise rights (no_new_privs is not set)".to_owned());
    }
    // Only this thread would change, and it ends here.
    if set_thread_uid(Uid::ROOT).is_ok() {
        holes.push("setuid(0) succeeded".to_owned());
    }
    Finding::unless(&holes, "no_new_privs is set, setuid(0) is refused")
}

pub(super) fn no_capability(_: &Options) -> Finding {
    match fs::read_to_string("/proc/self/status") {
        Ok(status) => judge(&status),
        Err(error) => Finding::bad(format!("cannot read /proc/self/status: {error}")),
    }
}

fn judge(status: &str) -> Finding {
    let value = |set| proc_text::status(status, set);
    let held: Vec<String> = SETS
        .into_iter()
        .filter_map(|set| match value(set) {
            Some(rights) if rights.bytes().all(|digit| digit == b'0') => None,
            Some(rights) => Some(format!("{set} {rights}")),
            // Older kernels and gVisor know no ambient rights.
            None if set == "CapAmb" => None,
            None => Some(format!("{set} cannot be read")),
        })
        .collect();
    let bound = value("CapBnd").unwrap_or("unknown");
    Finding::unless(&held, format!("none held, bound {bound}"))
}
