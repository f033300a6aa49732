//! Which engine is meant: variables, contexts and defaults, from sample configuration folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bottle_core::backend::BackendError;
use bottle_docker::Fault;
use bottle_docker::endpoint::{Endpoint, Lookup, Selection, resolve};
use tempfile::TempDir;

/// The folder of the context `colima`, as Docker's own command line names it.
const COLIMA: &str = "f24fd3749c1368328e2b149bec149cb6795619f244c5b584e844961215dadd16";
/// The folder of the context `far`.
const FAR: &str = "512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868";

struct Sample {
    home: TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Sample {
    fn new() -> Self {
        Self {
            home: TempDir::new().expect("a folder"),
            variables: BTreeMap::new(),
        }
    }

    fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    fn write(self, file: &str, content: &str) -> Self {
        let file = self.home.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, content).expect("a file");
        self
    }

    fn context(self, folder: &str, endpoint: &str) -> Self {
        let meta = format!(r#"{{"Name":"x","Metadata":{{}},"Endpoints":{{"docker":{endpoint}}}}}"#);
        self.write(&format!(".docker/contexts/meta/{folder}/meta.json"), &meta)
    }

    fn tls(self, folder: &str) -> Self {
        self.write(&format!("{folder}/ca.pem"), "authority")
            .write(&format!("{folder}/cert.pem"), "certificate")
            .write(&format!("{folder}/key.pem"), "key")
    }

    fn path(&self, part: &str) -> String {
        self.home.path().join(part).display().to_string()
    }

    fn resolve(&self) -> Result<Selection, BackendError> {
        resolve(&Lookup {
            home: self.home.path(),
            variable: &|name| self.variables.get(name).cloned(),
            read: &|file: &Path| fs::read(file),
        })
    }

    fn only(&self) -> (String, Endpoint) {
        let mut selection = self.resolve().expect("a selection");
        assert_eq!(selection.candidates.len(), 1);
        (selection.origin, selection.candidates.remove(0))
    }

    fn fault(&self) -> (String, Fault) {
        let error = self.resolve().expect_err("a refusal");
        let BackendError::BadSettings { place, source, .. } = error else {
            panic!("{error:?}")
        };
        (
            place,
            *source
                .expect("a cause")
                .downcast::<Fault>()
                .expect("a fault"),
        )
    }
}

#[test]
fn nothing_configured_means_the_usual_sockets_in_order() {
    let sample = Sample::new().set("XDG_RUNTIME_DIR", "/run/user/1000");
    let selection = sample.resolve().expect("a selection");
    let candidates: Vec<String> = selection
        .candidates
        .iter()
        .map(ToString::to_string)
        .collect();
    let own = |part| format!("unix://{}", sample.path(part));
    let expected = [
        "unix:///var/run/docker.sock".to_owned(),
        own(".docker/run/docker.sock"),
        own(".orbstack/run/docker.sock"),
        own(".colima/default/docker.sock"),
        "unix:///run/user/1000/docker.sock".to_owned(),
    ];
    assert_eq!(candidates, expected);
    assert_eq!(selection.origin, "context default");
}

#[test]
fn the_host_variable_wins_over_every_context() {
    let sample = Sample::new()
        .set("DOCKER_HOST", "unix:///elsewhere.sock")
        .set("DOCKER_CONTEXT", "colima")
        .write(".docker/config.json", r#"{"currentContext":"far"}"#);
    let (origin, endpoint) = sample.only();
    assert_eq!(
        (origin.as_str(), endpoint.to_string().as_str()),
        ("DOCKER_HOST", "unix:///elsewhere.sock")
    );
}

#[test]
fn the_context_variable_wins_over_the_configured_context() {
    let sample = Sample::new()
        .set("DOCKER_CONTEXT", "colima")
        .write(
            ".docker/config.json",
            r#"{"auths":{},"currentContext":"far"}"#,
        )
        .context(
            COLIMA,
            r#"{"Host":"unix:///colima.sock","SkipTLSVerify":false}"#,
        );
    let (origin, endpoint) = sample.only();
    assert_eq!(
        (origin.as_str(), endpoint.to_string().as_str()),
        ("context colima", "unix:///colima.sock")
    );
}

#[test]
fn the_configured_context_is_used() {
    let sample = Sample::new()
        .write("elsewhere/config.json", r#"{"currentContext":"colima"}"#)
        .context(COLIMA, r#"{"Host":"unix:///wrong.sock"}"#)
        .write(
            &format!("elsewhere/contexts/meta/{COLIMA}/meta.json"),
            r#"{"Endpoints":{"docker":{"Host":"unix:///right.sock"}}}"#,
        );
    let folder = sample.path("elsewhere");
    let (_, endpoint) = sample.set("DOCKER_CONFIG", folder).only();
    assert_eq!(endpoint.to_string(), "unix:///right.sock");
}

#[test]
fn empty_variables_and_the_default_context_count_as_unset() {
    let sample = Sample::new()
        .set("DOCKER_HOST", "")
        .set("DOCKER_CONTEXT", "default")
        .write(".docker/config.json", r#"{"currentContext":"far"}"#);
    assert_eq!(
        sample.resolve().expect("a selection").origin,
        "context default"
    );
}

#[test]
fn a_context_with_certificates_means_tls_with_them() {
    let sample = Sample::new()
        .set("DOCKER_CONTEXT", "far")
        .context(
            FAR,
            r#"{"Host":"tcp://engine.example:2376","SkipTLSVerify":false}"#,
        )
        .tls(&format!(".docker/contexts/tls/{FAR}/docker"));
    let (_, endpoint) = sample.only();
    let Endpoint::Tls { host, port, files } = endpoint else {
        panic!("{endpoint:?}")
    };
    assert_eq!(
        (host.as_str(), port, files.authority.as_slice()),
        ("engine.example", 2376, b"authority".as_slice())
    );
    let (certificate, key) = files.identity.expect("an identity");
    assert_eq!(
        (certificate.as_slice(), key.expose().as_slice()),
        (b"certificate".as_slice(), b"key".as_slice())
    );
}

#[test]
fn the_tls_variable_means_tls_with_the_files_of_its_folder() {
    let sample = Sample::new()
        .set("DOCKER_HOST", "tcp://10.0.0.7")
        .set("DOCKER_TLS_VERIFY", "1")
        .tls("certs");
    let folder = sample.path("certs");
    let (_, endpoint) = sample.set("DOCKER_CERT_PATH", folder).only();
    assert!(
        matches!(endpoint, Endpoint::Tls { ref host, port: 2376, .. } if host == "10.0.0.7"),
        "{endpoint:?}"
    );
}

#[test]
fn a_key_is_never_printed() {
    let sample = Sample::new()
        .set("DOCKER_HOST", "tcp://x")
        .set("DOCKER_TLS_VERIFY", "1")
        .tls(".docker");
    let key = format!("{:?}", b"key".to_vec());
    assert!(!format!("{:?}", sample.resolve().expect("a selection")).contains(&key));
}

#[test]
fn tls_without_an_authority_is_refused() {
    let sample = Sample::new()
        .set("DOCKER_HOST", "tcp://x")
        .set("DOCKER_TLS_VERIFY", "1");
    let (place, fault) = sample.fault();
    assert_eq!(place, "DOCKER_HOST");
    assert!(
        matches!(fault, Fault::Unreadable { ref file, .. } if file.ends_with("ca.pem")),
        "{fault:?}"
    );
}

#[test]
fn tcp_without_tls_leaves_this_machine_never() {
    let plain = |host| Sample::new().set("DOCKER_HOST", host);
    for near in [
        "tcp://127.0.0.1:2375",
        "tcp://localhost:2375",
        "tcp://[::1]:2375",
    ] {
        assert!(
            matches!(plain(near).only().1, Endpoint::Tcp { port: 2375, .. }),
            "{near}"
        );
    }
    for far in [
        "tcp://engine.example:2375",
        "tcp://10.0.0.7",
        "http://localhost.example",
        "tcp://127.0.0.1.example",
    ] {
        assert!(
            matches!(plain(far).fault().1, Fault::PlainTcp { .. }),
            "{far}"
        );
    }
}

#[test]
fn certificates_that_are_not_checked_are_refused() {
    let context = Sample::new().set("DOCKER_CONTEXT", "far").context(
        FAR,
        r#"{"Host":"tcp://engine.example:2376","SkipTLSVerify":true}"#,
    );
    assert!(matches!(context.fault().1, Fault::UncheckedTls));
    let variable = Sample::new()
        .set("DOCKER_HOST", "tcp://engine.example:2376")
        .set("DOCKER_TLS", "1");
    assert!(matches!(variable.fault().1, Fault::UncheckedTls));
}

#[test]
fn ssh_addresses_are_taken_apart() {
    let endpoint = |host: &str| Sample::new().set("DOCKER_HOST", host).only().1;
    let full = endpoint("ssh://me@far.example:2222/run/user/1000/docker.sock");
    let Endpoint::Ssh {
        user,
        host,
        port,
        socket,
    } = full
    else {
        panic!("{full:?}")
    };
    assert_eq!(
        (user.as_deref(), host.as_str(), port),
        (Some("me"), "far.example", Some(2222))
    );
    assert_eq!(socket.as_deref(), Some("/run/user/1000/docker.sock"));
    let bare = endpoint("ssh://far");
    assert!(
        matches!(
            bare,
            Endpoint::Ssh {
                user: None,
                port: None,
                socket: None,
                ..
            }
        ),
        "{bare:?}"
    );
}

#[test]
fn an_address_never_becomes_an_option_or_a_command_of_ssh() {
    for address in [
        "ssh://-oProxyCommand=sh",
        "ssh://-oProxyCommand=sh@host",
        "ssh://me@-host",
        "ssh://a b",
        "ssh://host/run/$(id)",
        "ssh://host/run/a;id",
        "ssh://",
        "ssh://host:0",
        "ssh://host:99999",
    ] {
        let (_, fault) = Sample::new().set("DOCKER_HOST", address).fault();
        assert!(
            matches!(fault, Fault::BadAddress { .. }),
            "{address}: {fault:?}"
        );
    }
}

#[test]
fn unknown_addresses_are_refused() {
    for address in [
        "npipe:////./pipe/docker_engine",
        "fd://3",
        "/var/run/docker.sock",
    ] {
        let (_, fault) = Sample::new().set("DOCKER_HOST", address).fault();
        assert!(
            matches!(fault, Fault::UnknownScheme { .. }),
            "{address}: {fault:?}"
        );
    }
}

#[test]
fn broken_files_are_named() {
    let config = Sample::new().write(".docker/config.json", "{");
    let (place, fault) = config.fault();
    assert_eq!(place, config.path(".docker/config.json"));
    assert!(matches!(fault, Fault::Malformed { .. }), "{fault:?}");

    let missing = Sample::new().set("DOCKER_CONTEXT", "far");
    let (place, fault) = missing.fault();
    assert_eq!(place, "the Docker context 'far'");
    assert!(matches!(fault, Fault::Unreadable { .. }), "{fault:?}");

    let huge = Sample::new().write(".docker/config.json", &" ".repeat((1 << 20) + 1));
    assert!(matches!(huge.fault().1, Fault::TooLong { .. }));
}
