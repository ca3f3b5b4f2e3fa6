//! `cargo xtask torture`: rooms in which the program is hurt on purpose, for users who doubt.
//!
//! Each room runs on SQLite and on a real PostgreSQL, with several real processes, prints its
//! figures and ends in PASS or FAIL. What is hurt and measured is here; the processes that are
//! hurt are `torture_worker`, an example of `bursar-core`, and through the gateway `bursar serve`.
//! docs/reliability.md says what each room proves.

mod cancel_storm;
mod clocks;
mod db_outage;
#[path = "../../crates/bursar-core/examples/torture_worker/dice.rs"]
mod dice;
mod disconnect;
mod disk;
mod doors;
mod figures;
mod hardcap;
mod idempotency;
mod kill9;
mod power;
mod scale;
mod shadow;
mod soak;
mod stage;
mod strace;
mod upgrade;
mod upstream_lies;
mod usable;
mod worker;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::postgres::{Postgres, Purpose};
use crate::step::{self, cargo, say};
use figures::Figures;
use scale::{Asked, Knob, Scale};
use stage::{Database, Programs, Stage};

/// One way to hurt the program.
struct Room {
    name: &'static str,
    /// What it shows when it passes.
    shows: &'static str,
    /// The sizes that can be set, besides the seed.
    knobs: &'static [Knob],
    /// Where it makes sense.
    databases: &'static [Database],
    /// Whether its callers may be clients of `bursar serve`; docs/reliability.md says why not.
    through_gateway: bool,
    run: fn(&Stage, &mut Figures) -> Result<()>,
}

const BOTH: &[Database] = &[Database::Sqlite, Database::Postgres];
const SQLITE: &[Database] = &[Database::Sqlite];
const POSTGRES: &[Database] = &[Database::Postgres];

const ROOMS: [Room; 13] = [
    Room {
        name: "hardcap",
        shows: "however many ask at once, a hard limit is used up and never passed",
        knobs: &hardcap::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: hardcap::run,
    },
    Room {
        name: "kill9",
        shows: "killed processes lose no call, count none twice and leave no hold behind",
        knobs: &kill9::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: kill9::run,
    },
    Room {
        name: "usable",
        shows: "a budget can be used up: nobody is refused as spent while it is not",
        knobs: &usable::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: usable::run,
    },
    Room {
        name: "disconnect",
        shows: "callers that go away lose no row and no token",
        knobs: &disconnect::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: disconnect::run,
    },
    Room {
        name: "cancel-storm",
        shows: "dropped futures lose nothing that was acknowledged",
        knobs: &cancel_storm::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: cancel_storm::run,
    },
    Room {
        name: "upstream-lies",
        shows: "an upstream that lies, breaks or hangs costs no row and no trust",
        knobs: &upstream_lies::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: upstream_lies::run,
    },
    Room {
        name: "soak",
        shows: "nothing grows with the number of calls, and the sums agree at every look",
        knobs: &soak::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: soak::run,
    },
    Room {
        name: "clocks",
        shows: "wrong clocks move no limit, and who comes back late settles nothing twice",
        knobs: &clocks::KNOBS,
        databases: BOTH,
        through_gateway: false,
        run: clocks::run,
    },
    Room {
        name: "power",
        shows: "what was sent is on the disk first, at every moment that power is lost",
        knobs: &power::KNOBS,
        databases: SQLITE,
        through_gateway: false,
        run: power::run,
    },
    Room {
        name: "disk",
        shows: "a disk that is full, fails or lies stops the calls and not the books",
        knobs: &disk::KNOBS,
        databases: SQLITE,
        through_gateway: false,
        run: disk::run,
    },
    Room {
        name: "db-outage",
        shows: "without its database nothing is sent, and with it calls go on",
        knobs: &db_outage::KNOBS,
        databases: POSTGRES,
        through_gateway: true,
        run: db_outage::run,
    },
    Room {
        name: "idempotency",
        shows: "a call with a key is made once, whoever asks and whoever dies",
        knobs: &idempotency::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: idempotency::run,
    },
    Room {
        name: "upgrade",
        shows: "a version and the next serve one ledger, while and after it is migrated",
        knobs: &upgrade::KNOBS,
        databases: BOTH,
        through_gateway: true,
        run: upgrade::run,
    },
];

/// Runs the rooms that are asked for.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let asked = Asked::read(arguments)?;
    if asked.is_list {
        list();
        return Ok(ExitCode::SUCCESS);
    }
    let rooms = asked.rooms(&ROOMS)?;
    let programs = build(asked.is_short)?;
    let purpose = if asked.is_short { Purpose::Tests } else { Purpose::Measurement };
    let postgres = Postgres::start(purpose, &std::env::temp_dir())?;
    let mut failed = 0;
    for room in rooms {
        failed += u64::from(!enter(room, &asked, &programs, &postgres)?);
    }
    postgres.stop()?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The short form of every room, and again through the gateway, for the suite: how many passed, and
/// how many did not.
pub(crate) fn short(postgres: &Postgres) -> Result<(u64, u64)> {
    let programs = build(true)?;
    let (mut passed, mut failed) = (0, 0);
    for asked in [false, true].map(Asked::short) {
        for room in asked.rooms(&ROOMS)? {
            if enter(room, &asked, &programs, postgres)? {
                passed += 1;
            } else {
                failed += 1;
            }
        }
    }
    Ok((passed, failed))
}

/// Runs one room everywhere; whether it passed. What goes wrong in a room fails the room.
fn enter(room: &Room, asked: &Asked, programs: &Programs, postgres: &Postgres) -> Result<bool> {
    let scale = Scale::new(room.knobs, asked)?;
    let name = if asked.through_gateway {
        format!("{} through the gateway", room.name)
    } else {
        room.name.to_owned()
    };
    say(&format!("room {name}: {} ({scale})", room.shows));
    let start = Instant::now();
    let mut figures = Figures::default();
    for &database in room.databases.iter().filter(|database| asked.wants(**database)) {
        figures.begin(database.name());
        let outcome = Stage::new(room.name, database, (programs, postgres), &scale)
            .and_then(|stage| (room.run)(&stage, &mut figures));
        if let Err(error) = outcome {
            figures.holds(&format!("came to its end: {error:#}"), false);
        }
    }
    let word = if figures.are_met() { "PASS" } else { "FAIL" };
    let seconds = start.elapsed().as_secs_f64();
    println!("{word} room {name} ({figures}, {seconds:.0} s, seed {})", scale.seed());
    Ok(figures.are_met())
}

/// Builds the programs. In the suite's profile, as the suite builds them: what is chosen decides
/// which features the dependencies have, and another choice would compile all of them again.
fn build(is_short: bool) -> Result<Programs> {
    const SUITE: &[&str] = &["build", "--locked", "--workspace", "--bins", "--examples"];
    const FAST: [&str; 10] = [
        "build",
        "--locked",
        "--release",
        "-p",
        "bursar",
        "-p",
        "bursar-core",
        "--bin",
        "bursar",
        "--example=torture_worker",
    ];
    let what = if is_short { SUITE } else { &FAST };
    step::run(&mut cargo(what.iter().copied()))?;
    Programs::find(if is_short { "debug" } else { "release" })
}

fn list() {
    println!(
        "usage: cargo xtask torture ROOM… [--through-gateway] [--short] [--on DATABASE] [--seed N] \
         [--SIZE N]…\n"
    );
    for room in &ROOMS {
        let also = if room.through_gateway { " (also through the gateway)" } else { "" };
        println!("{}: {}{also}", room.name, room.shows);
        for knob in room.knobs {
            println!("    --{knob}");
        }
    }
}
