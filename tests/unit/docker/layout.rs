//! How a session looks on an engine: nothing of it may need trust.

use bottle_core::backend::{Daemon, Images, Resources, Runtime, SessionSpec};
use bottle_core::id::{AgentName, OwnerId, SessionId};
use bottle_docker::layout::{self, Names, Role};

fn spec() -> SessionSpec {
    SessionSpec {
        id: SessionId::new("reviewer-a1b2c").expect("an id"),
        agent: AgentName::new("reviewer").expect("a name"),
        owner: OwnerId::new("home-1").expect("an owner"),
        images: Images {
            agent: "agent:1".to_owned(),
            bundle: "bundle:1".to_owned(),
        },
        runtime: None,
        resources: Resources {
            cpus: 4.0,
            memory_mib: 2048,
            disk_mib: None,
        },
        daemons: vec![Daemon::Egress, Daemon::Supervise],
    }
}

#[test]
fn the_agent_has_no_network_and_no_environment() {
    let body = layout::agent(&spec(), 8.0);
    assert_eq!(body.env, None);
    assert_eq!(body.network_disabled, Some(true));
    assert_eq!(body.networking_config, None);
    let host = body.host_config.expect("a host's side");
    assert_eq!(host.network_mode.as_deref(), Some("none"));
    assert_eq!(
        (host.port_bindings, host.extra_hosts, host.links),
        (None, None, None)
    );
}

#[test]
fn the_agent_has_no_rights_and_no_folder_of_the_host() {
    let host = layout::agent(&spec(), 8.0)
        .host_config
        .expect("a host's side");
    assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
    assert_eq!(host.cap_add, None);
    assert_eq!(
        host.security_opt,
        Some(vec!["no-new-privileges:true".to_owned()])
    );
    assert_eq!(
        (host.privileged, host.binds, host.devices, host.pid_mode),
        (None, None, None, None)
    );
    let mounts = host.mounts.expect("the doors");
    let seen: Vec<_> = mounts
        .iter()
        .map(|mount| (mount.target.as_deref(), mount.read_only))
        .collect();
    assert_eq!(seen, [(Some("/run/doors"), Some(true))]);
}

#[test]
fn the_bundle_has_no_environment_and_a_read_only_root() {
    let body = layout::bundle(&spec());
    assert_eq!(body.env, None);
    assert_eq!(body.user.as_deref(), Some("65532:65532"));
    let words = body.cmd.expect("arguments").join(" ");
    assert_eq!(
        words,
        "--doors /run/doors --control /run/control/control.sock --daemons egress,supervise"
    );
    let host = body.host_config.expect("a host's side");
    assert_eq!((host.readonly_rootfs, host.cap_add), (Some(true), None));
    assert_eq!(host.network_mode.as_deref(), Some("bridge"));
    let tmpfs = host.tmpfs.expect("writable folders");
    assert!(
        tmpfs["/run/control"].contains("mode=0700,uid=65532"),
        "{tmpfs:?}"
    );
    assert_eq!(host.mounts.expect("the doors").len(), 1);
}

#[test]
fn resources_are_held_to_what_the_machine_has() {
    let host = layout::agent(&spec(), 2.0)
        .host_config
        .expect("a host's side");
    assert_eq!(
        host.nano_cpus,
        Some(2_000_000_000),
        "more processors than there are would be refused"
    );
    assert_eq!(
        (host.memory, host.memory_swap),
        (Some(2 << 30), Some(2 << 30))
    );
    assert!(host.pids_limit.is_some_and(|limit| limit > 0));
}

#[test]
fn gvisor_is_named_only_where_it_is_asked_for() {
    let runtime = |runtime| {
        let spec = SessionSpec { runtime, ..spec() };
        layout::agent(&spec, 8.0)
            .host_config
            .expect("a host's side")
            .runtime
    };
    assert_eq!(runtime(Some(Runtime::Runsc)).as_deref(), Some("runsc"));
    assert_eq!((runtime(Some(Runtime::Runc)), runtime(None)), (None, None));
}

#[test]
fn labels_name_session_owner_and_group() {
    let label = |role, name: &str| layout::labels(&spec(), role).remove(name);
    for role in [Role::Agent, Role::Bundle, Role::Doors] {
        assert_eq!(
            label(role, "dev.claude-bottle.session").as_deref(),
            Some("reviewer-a1b2c")
        );
        assert_eq!(
            label(role, "dev.claude-bottle.owner").as_deref(),
            Some("home-1")
        );
        assert_eq!(
            label(role, "dev.claude-bottle.agent").as_deref(),
            Some("reviewer")
        );
        assert_eq!(
            label(role, "dev.claude-bottle.role").as_deref(),
            Some(role.as_str())
        );
        let project = label(role, "com.docker.compose.project");
        assert_eq!(project.as_deref(), Some("claude-bottle-reviewer-a1b2c"));
    }
    assert_eq!(
        label(Role::Agent, "com.docker.compose.service").as_deref(),
        Some("agent")
    );
    assert_eq!(
        label(Role::Bundle, "com.docker.compose.service").as_deref(),
        Some("bundle")
    );
    assert_eq!(
        label(Role::Doors, "com.docker.compose.volume").as_deref(),
        Some("doors")
    );
}

#[test]
fn names_follow_from_the_session() {
    let names = Names::of(&spec().id);
    let all = [
        names.agent.as_str(),
        names.bundle.as_str(),
        names.doors.as_str(),
    ];
    let stem = "claude-bottle-reviewer-a1b2c";
    assert_eq!(
        all,
        [
            stem.to_owned(),
            format!("{stem}-bundle"),
            format!("{stem}-doors")
        ]
    );
}
