//! How a session looks on an engine: names, labels, and the two containers' configurations. Pure; creates nothing.
//!
//! What stands here is public: anyone who can ask the engine can read it. No environment and no secret is ever part of it.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    MountVolumeOptions, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};
use bottle_core::backend::{Part, Runtime, SessionSpec};
use bottle_core::claude;
use bottle_core::id::SessionId;

use crate::digest;

/// Where both containers see the doors' sockets.
pub const DOORS: &str = "/run/doors";
/// The bundle's private folder, which no other container sees.
pub const CONTROL_FOLDER: &str = "/run/control";
/// The bundle's control socket.
pub const CONTROL_SOCKET: &str = "/run/control/control.sock";
/// The user and group that the bundle runs as.
pub const BUNDLE_UID: u32 = 65532;

/// Names the session that an object belongs to.
pub const LABEL_SESSION: &str = "dev.claude-bottle.session";
/// Names the home folder that an object belongs to.
pub const LABEL_OWNER: &str = "dev.claude-bottle.owner";
/// Says what an object is for: `agent`, `bundle` or `doors`.
pub const LABEL_ROLE: &str = "dev.claude-bottle.role";
/// Names the agent of a session.
pub const LABEL_AGENT: &str = "dev.claude-bottle.agent";
/// Marks an image as built by this product.
pub const LABEL_KIND: &str = "dev.claude-bottle.kind";

/// Most processes and threads in the guest: enough for a parallel build, and a fork bomb ends there.
const AGENT_PIDS: i64 = 4096;
/// Most processes and threads of the bundle.
const BUNDLE_PIDS: i64 = 256;
/// Memory of the bundle, in bytes.
const BUNDLE_MEMORY: i64 = 256 << 20;
/// Shared memory of the guest, in bytes: browsers that tests start need more than the 64 MiB that engines give.
const AGENT_SHM: i64 = 256 << 20;
/// How long an end in order may take, in seconds.
pub(crate) const STOP_TIMEOUT: i32 = 2;

/// The names of a session's objects on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The container of the guest.
    pub agent: String,
    /// The container of the bundle.
    pub bundle: String,
    /// The volume with the doors' sockets.
    pub doors: String,
}

impl Names {
    /// The names of one session.
    #[must_use]
    pub fn of(id: &SessionId) -> Self {
        let agent = format!("claude-bottle-{id}");
        Self {
            bundle: format!("{agent}-bundle"),
            doors: format!("{agent}-doors"),
            agent,
        }
    }

    /// The container of one part.
    #[must_use]
    pub fn container(&self, part: Part) -> &str {
        match part {
            Part::Guest => &self.agent,
            Part::Bundle => &self.bundle,
        }
    }
}

/// What an object of a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The guest's container.
    Agent,
    /// The bundle's container.
    Bundle,
    /// The volume of the doors.
    Doors,
}

impl Role {
    /// The word of the label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Bundle => "bundle",
            Self::Doors => "doors",
        }
    }
}

/// The labels of one object. Compose's labels make Docker Desktop and `docker compose ls` show a session as one group.
#[must_use]
pub fn labels(spec: &SessionSpec, role: Role) -> HashMap<String, String> {
    let project = Names::of(&spec.id).agent;
    let mut labels: Vec<(&str, String)> = vec![
        (LABEL_SESSION, spec.id.to_string()),
        (LABEL_OWNER, spec.owner.to_string()),
        (LABEL_AGENT, spec.agent.to_string()),
        (LABEL_ROLE, role.as_str().to_owned()),
        (
            "com.docker.compose.config-hash",
            digest::of(project.as_bytes()),
        ),
        ("com.docker.compose.version", "2.0.0".to_owned()),
    ];
    match role {
        Role::Agent | Role::Bundle => labels.extend([
            ("com.docker.compose.service", role.as_str().to_owned()),
            ("com.docker.compose.container-number", "1".to_owned()),
            ("com.docker.compose.oneoff", "False".to_owned()),
        ]),
        Role::Doors => labels.push(("com.docker.compose.volume", role.as_str().to_owned())),
    }
    labels.push(("com.docker.compose.project", project));
    labels
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The container of the guest: no network, no capability for anyone in it, its doors readable only.
#[must_use]
pub fn agent(spec: &SessionSpec, processors: f64) -> ContainerCreateBody {
    let memory = i64::from(spec.resources.memory_mib) << 20;
    let host = HostConfig {
        network_mode: Some("none".to_owned()),
        mounts: Some(vec![doors(spec, true)]),
        runtime: match spec.runtime {
            Some(Runtime::Runsc) => Some(Runtime::Runsc.as_str().to_owned()),
            Some(Runtime::Runc) | None => None,
        },
        nano_cpus: Some((spec.resources.cpus.min(processors) * 1e9) as i64),
        memory: Some(memory),
        memory_swap: Some(memory),
        pids_limit: Some(AGENT_PIDS),
        shm_size: Some(AGENT_SHM),
        ..sealed()
    };
    ContainerCreateBody {
        hostname: Some("bottle".to_owned()),
        image: Some(spec.images.agent.clone()),
        user: Some(claude::USER.to_owned()),
        network_disabled: Some(true),
        labels: Some(labels(spec, Role::Agent)),
        host_config: Some(host),
        ..quiet()
    }
}

/// The container of the bundle: goes out through the engine's default network, and writes nowhere but to its sockets.
#[must_use]
pub fn bundle(spec: &SessionSpec) -> ContainerCreateBody {
    let daemons: Vec<&str> = spec.daemons.iter().map(|daemon| daemon.as_str()).collect();
    let tmpfs = [
        (
            CONTROL_FOLDER,
            format!("rw,noexec,nosuid,nodev,size=1m,mode=0700,uid={BUNDLE_UID},gid={BUNDLE_UID}"),
        ),
        (
            "/tmp",
            "rw,noexec,nosuid,nodev,size=64m,mode=1777".to_owned(),
        ),
    ];
    let host = HostConfig {
        network_mode: Some("bridge".to_owned()),
        mounts: Some(vec![doors(spec, false)]),
        readonly_rootfs: Some(true),
        tmpfs: Some(
            tmpfs
                .into_iter()
                .map(|(folder, options)| (folder.to_owned(), options))
                .collect(),
        ),
        memory: Some(BUNDLE_MEMORY),
        memory_swap: Some(BUNDLE_MEMORY),
        pids_limit: Some(BUNDLE_PIDS),
        ..sealed()
    };
    ContainerCreateBody {
        hostname: Some("bundle".to_owned()),
        image: Some(spec.images.bundle.clone()),
        user: Some(format!("{BUNDLE_UID}:{BUNDLE_UID}")),
        cmd: Some(
            [
                "--doors",
                DOORS,
                "--control",
                CONTROL_SOCKET,
                "--daemons",
                &daemons.join(","),
            ]
            .map(str::to_owned)
            .into(),
        ),
        labels: Some(labels(spec, Role::Bundle)),
        host_config: Some(host),
        ..quiet()
    }
}

fn doors(spec: &SessionSpec, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(Names::of(&spec.id).doors),
        target: Some(DOORS.to_owned()),
        read_only: Some(read_only),
        // The bundle's image says who owns the folder; what the guest's image has in this place must not get into it.
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(read_only),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// What holds for both containers on the side of the host.
fn sealed() -> HostConfig {
    let log = [("max-size", "1m"), ("max-file", "1")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        ipc_mode: Some("private".to_owned()),
        init: Some(false),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(log.into()),
        }),
        // A core dump would put the memory of a process, with what it holds in secret, into a file.
        ulimits: Some(vec![ResourcesUlimits {
            name: Some("core".to_owned()),
            soft: Some(0),
            hard: Some(0),
        }]),
        ..Default::default()
    }
}

/// What holds for both containers inside: no environment, no terminal, no health check of an image's.
fn quiet() -> ContainerCreateBody {
    ContainerCreateBody {
        stop_timeout: Some(STOP_TIMEOUT.into()),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        }),
        ..Default::default()
    }
}
