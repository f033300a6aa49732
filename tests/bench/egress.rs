//! The egress door over TLS, beside mitmdump with the same work, and beside no proxy at all.
//!
//! All take turns with the same load generator on the same upstream. Each is a process of its own.

pub mod door;
pub mod load;
mod mitmproxy;
mod tls;
pub mod upstream;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use crate::machine::{processor_seconds, resident_megabytes};
use crate::report::{Limit, Report, short};
use crate::role::Role;
use crate::settings::{Extent, Settings};
use crate::statistics::median;
use load::{Order, Outcome, Way, Work};
use mitmproxy::Mitmdump;

/// Numbers of connections that are kept busy.
const CONNECTIONS: [usize; 2] = [1, 16];
/// Requests a second that 16 connections share where the delay is measured without a queue: far above what an agent sends.
const PACE: f64 = 800.0;
/// How often memory is looked at while the large body passes.
const GLANCE: Duration = Duration::from_millis(50);

/// One of those that take turns.
struct Partner {
    name: &'static str,
    way: Way,
    process: Option<u32>,
}

/// Everything that runs.
struct World {
    partners: [Partner; 3],
    door: u32,
    _roles: [Role; 2],
    mitmdump: Mitmdump,
    _folder: TempDir,
}

impl World {
    fn start(settings: &Settings) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (trusted, authority) = (at("upstream.pem"), at("door.pem"));
        let order = upstream::Order {
            authority: trusted.clone(),
        };
        let (server, ready): (_, upstream::Ready) = Role::start(upstream::ROLE, &order)?;
        let order = door::Order {
            upstream: ready.port,
            trusted: trusted.clone(),
            authority: authority.clone(),
        };
        let (door, opened): (_, door::Ready) = Role::start(door::ROLE, &order)?;
        let mitmdump = Mitmdump::start(settings.mitmdump()?, folder.path(), &trusted)?;
        let [own, resolvable] = upstream::NAMES.map(str::to_owned);
        let direct = Way {
            port: ready.port,
            tunnel: false,
            host: own,
            upstream: 443,
            trusted,
            credential: upstream::CREDENTIAL.to_owned(),
        };
        let guest = Way {
            tunnel: true,
            credential: "placeholder".to_owned(),
            ..direct.clone()
        };
        let partners = [
            Partner {
                name: "direct",
                way: direct,
                process: None,
            },
            Partner {
                name: "ours",
                way: Way {
                    port: opened.port,
                    trusted: authority,
                    ..guest.clone()
                },
                process: Some(door.process()),
            },
            Partner {
                name: "mitmdump",
                way: Way {
                    port: mitmdump.port,
                    trusted: mitmdump.authority.clone(),
                    host: resolvable,
                    upstream: ready.port,
                    ..guest
                },
                process: Some(mitmdump.process()),
            },
        ];
        Ok(Self {
            partners,
            door: door.process(),
            _roles: [server, door],
            mitmdump,
            _folder: folder,
        })
    }

    /// Lets the first partners do a piece of work in turn, several times.
    fn turns<const N: usize>(&self, rounds: usize, work: Work) -> Result<[Turns; N]> {
        let mut turns = [const { Turns(Vec::new()) }; N];
        for _ in 0..rounds {
            for (partner, turns) in self.partners.iter().zip(&mut turns) {
                turns.0.push(partner.work(work)?);
            }
        }
        Ok(turns)
    }
}

impl Partner {
    fn work(&self, work: Work) -> Result<Turn> {
        let order = Order {
            way: self.way.clone(),
            work,
        };
        let used = || self.process.and_then(processor_seconds);
        let before = used();
        let (_, outcome): (_, Outcome) = Role::start(load::ROLE, &order)?;
        let processor = used().zip(before).map(|(after, before)| after - before);
        Ok(Turn { outcome, processor })
    }
}

/// What came of one turn.
struct Turn {
    outcome: Outcome,
    processor: Option<f64>,
}

/// All turns of one partner.
struct Turns(Vec<Turn>);

impl Turns {
    fn median(&self, of: impl Fn(&Turn) -> f64) -> f64 {
        median(&self.0.iter().map(of).collect::<Vec<_>>())
    }

    fn rate(&self) -> f64 {
        self.median(|turn| turn.outcome.rate())
    }

    fn p50(&self) -> f64 {
        self.median(|turn| turn.outcome.p50)
    }

    fn p99(&self) -> f64 {
        self.median(|turn| turn.outcome.p99)
    }

    /// Processor time of the proxy for one request, in µs.
    fn processor(&self) -> f64 {
        self.median(|turn| {
            turn.processor
                .map_or(f64::NAN, |seconds| seconds / turn.outcome.done * 1e6)
        })
    }
}

/// Measures all of it.
pub fn measure(settings: &Settings) -> Result<Report> {
    let world = World::start(settings)?;
    let extent = settings.extent;
    let mut report = Report::default();
    let idle = resident_megabytes(world.door)?;
    throughput(&world, &extent, &mut report)?;
    delay(&world, &extent, &mut report)?;
    let loaded = resident_megabytes(world.door)?;
    bulk(&world, &extent, &mut report)?;
    let after = resident_megabytes(world.door)?;
    report.figure("egress.memory.idle.megabytes", idle);
    report.figure("egress.memory.after_load.megabytes", after.max(loaded));
    let theirs = resident_megabytes(world.mitmdump.process())?;
    report.figure("egress.memory.mitmdump.megabytes", theirs);
    report.goal(
        "egress: resident memory after all load",
        after.max(loaded),
        Limit::AtMost(20.0),
        " MB",
    );
    Ok(report)
}

fn throughput(world: &World, extent: &Extent, report: &mut Report) -> Result<()> {
    let mut rows = Vec::new();
    for (connections, least) in CONNECTIONS.into_iter().zip([10.0, 20.0]) {
        let work = Work::Requests {
            connections,
            seconds: extent.seconds,
            pace: None,
        };
        let turns: [Turns; 3] = world.turns(extent.rounds, work)?;
        for (partner, turns) in world.partners.iter().zip(&turns) {
            let name = format!("egress.connections_{connections}.{}", partner.name);
            report.figure(format!("{name}.requests_per_second"), turns.rate());
            report.figure(format!("{name}.p50_ms"), turns.p50());
            report.figure(format!("{name}.p99_ms"), turns.p99());
            let processor = turns.processor();
            if processor.is_finite() {
                report.figure(format!("{name}.processor_us_per_request"), processor);
            }
            rows.push(vec![
                connections.to_string(),
                partner.name.to_owned(),
                short(turns.rate()),
                short(turns.p50()),
                short(turns.p99()),
                if processor.is_finite() {
                    short(processor)
                } else {
                    String::new()
                },
            ]);
        }
        let [direct, ours, mitmdump] = &turns;
        let times = ours.rate() / mitmdump.rate();
        report.figure(
            format!("egress.connections_{connections}.times_mitmdump"),
            times,
        );
        report.goal(
            format!("egress: requests a second at {connections} connections, against mitmdump"),
            times,
            Limit::AtLeast(least),
            "×",
        );
        if connections == 1 {
            report.goal(
                "egress: p99 added at 1 connection",
                ours.p99() - direct.p99(),
                Limit::AtMost(1.0),
                " ms",
            );
        }
    }
    report.table(
        "Egress over TLS, as fast as answers come",
        &[
            "connections",
            "",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "processor µs/request",
        ],
        rows,
    );
    Ok(())
}

fn delay(world: &World, extent: &Extent, report: &mut Report) -> Result<()> {
    let mut rows = Vec::new();
    let mut keep = |key: &str, title: &str, turns: &[Turns], report: &mut Report| {
        for (partner, turns) in world.partners.iter().zip(turns) {
            let name = format!("egress.{key}.{}", partner.name);
            report.figure(format!("{name}.p50_ms"), turns.p50());
            report.figure(format!("{name}.p99_ms"), turns.p99());
            let (title, partner) = (title.to_owned(), partner.name.to_owned());
            rows.push(vec![title, partner, short(turns.p50()), short(turns.p99())]);
        }
    };
    // mitmdump cannot keep the pace, and waiting in its queue would say nothing.
    let work = Work::Requests {
        connections: 16,
        seconds: extent.seconds,
        pace: Some(PACE),
    };
    let turns: [Turns; 2] = world.turns(extent.rounds, work)?;
    let title = format!("small request, {PACE} a second on 16 connections");
    keep("paced", &title, &turns, report);
    let [direct, ours] = &turns;
    report.goal(
        "egress: p99 added at 16 connections without a queue",
        ours.p99() - direct.p99(),
        Limit::AtMost(1.0),
        " ms",
    );
    let count = extent.events;
    let turns: [Turns; 3] = world.turns(extent.rounds, Work::Events { count })?;
    keep("first_event", "first event of a stream", &turns, report);
    let [direct, ours, _] = &turns;
    report.goal(
        "egress: first event later than direct",
        ours.p50() - direct.p50(),
        Limit::AtMost(2.0),
        " ms",
    );
    let turns: [Turns; 3] = world.turns(extent.rounds, Work::Connections { count })?;
    keep(
        "new_connection",
        "new connection, one request",
        &turns,
        report,
    );
    report.table(
        "Egress over TLS, delay",
        &["", "", "p50 ms", "p99 ms"],
        rows,
    );
    Ok(())
}

fn bulk(world: &World, extent: &Extent, report: &mut Report) -> Result<()> {
    let work = Work::Body { bytes: extent.body };
    let before = resident_megabytes(world.door)?;
    let rounds = extent.rounds.min(3);
    let (turns, most) = watching(world.door, || world.turns(rounds, work))?;
    let turns: [Turns; 3] = turns?;
    let mut rows = Vec::new();
    for (partner, turns) in world.partners.iter().zip(&turns) {
        let speed = turns.rate() / 1e6;
        report.figure(
            format!("egress.body.{}.megabytes_per_second", partner.name),
            speed,
        );
        rows.push(vec![
            partner.name.to_owned(),
            short(speed),
            short(extent.body as f64 / 1e6 / speed),
        ]);
    }
    let [direct, ours, _] = &turns;
    report.goal(
        "egress: speed of a large body, part of direct",
        ours.rate() / direct.rate(),
        Limit::AtLeast(0.5),
        "×",
    );
    report.figure("egress.memory.body.most.megabytes", most);
    report.goal(
        "egress: memory grown while large bodies pass",
        most - before,
        Limit::AtMost(8.0),
        " MB",
    );
    let size = extent.body >> 20;
    report.table(
        format!("Egress over TLS, one body of {size} MiB"),
        &["", "MB/s", "seconds"],
        rows,
    );
    Ok(())
}

/// Does something and says the most memory that a process had meanwhile.
fn watching<T: Send>(process: u32, work: impl FnOnce() -> T + Send) -> Result<(T, f64)> {
    let done = AtomicBool::new(false);
    scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut most = resident_megabytes(process)?;
            while !done.load(Ordering::Relaxed) {
                sleep(GLANCE);
                most = most.max(resident_megabytes(process)?);
            }
            anyhow::Ok(most)
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        let most = watcher
            .join()
            .unwrap_or_else(|_| Err(anyhow::anyhow!("the watcher died")))?;
        Ok((result, most))
    })
}
