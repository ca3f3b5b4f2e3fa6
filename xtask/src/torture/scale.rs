//! How large a room is: what was asked for on the command line, else the room's own sizes.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail};

use super::Room;
use super::stage::Database;

/// A size that can be set.
pub(super) struct Knob {
    pub(super) name: &'static str,
    /// As the promise is stated.
    pub(super) full: u64,
    /// Seconds, for the suite.
    pub(super) short: u64,
    pub(super) what: &'static str,
}

impl Knob {
    pub(super) const fn new(name: &'static str, sizes: (u64, u64), what: &'static str) -> Self {
        Self { name, full: sizes.0, short: sizes.1, what }
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, full, short, what } = self;
        write!(f, "{name} {full}: {what} ({short} with --short)")
    }
}

/// The command line, read.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) is_list: bool,
    pub(super) is_short: bool,
    pub(super) through_gateway: bool,
    on: Option<Database>,
    rooms: Vec<String>,
    numbers: BTreeMap<String, u64>,
}

impl Asked {
    pub(super) fn short(through_gateway: bool) -> Self {
        Self { is_short: true, through_gateway, ..Self::default() }
    }

    pub(super) fn read(arguments: &[String]) -> Result<Self> {
        let mut asked = Self { is_list: arguments.is_empty(), ..Self::default() };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                asked.rooms.push(word.clone());
                continue;
            };
            let mut value = || words.next().with_context(|| format!("`{word}` needs a value"));
            match name {
                "list" | "help" => asked.is_list = true,
                "short" => asked.is_short = true,
                "through-gateway" => asked.through_gateway = true,
                "on" => asked.on = Some(Database::parse(value()?)?),
                _ => {
                    let number = value()?;
                    let number: u64 =
                        number.parse().with_context(|| format!("`{word} {number}`"))?;
                    asked.numbers.insert(name.to_owned(), number);
                }
            }
        }
        Ok(asked)
    }

    /// The rooms that are named, or all of them; every size must be one of theirs.
    pub(super) fn rooms<'r>(&self, known: &'r [Room]) -> Result<Vec<&'r Room>> {
        let names: Vec<&str> = known.iter().map(|room| room.name).collect();
        if let Some(name) = self.rooms.iter().find(|name| !names.contains(&name.as_str())) {
            bail!("there is no room `{name}`\nhint: there are {}", names.join(", "));
        }
        let is_named = |room: &&&Room| self.rooms.iter().any(|name| name == room.name);
        let can_be = |room: &&Room| room.through_gateway || !self.through_gateway;
        let mut shut = known.iter().filter(|room| !can_be(room));
        if let Some(room) = shut.find(|room| is_named(&room)) {
            bail!(
                "`{}` is not played through the gateway\nhint: docs/reliability.md says why",
                room.name
            );
        }
        let is_asked = |room: &&Room| self.rooms.is_empty() || is_named(&room);
        let rooms: Vec<&Room> = known.iter().filter(can_be).filter(is_asked).collect();
        let is_known = |name: &str| rooms.iter().any(|r| r.knobs.iter().any(|k| k.name == name));
        match self.numbers.keys().find(|name| *name != "seed" && !is_known(name)) {
            Some(name) => bail!("no such size: `--{name}`\nhint: `--list` shows what there is"),
            None => Ok(rooms),
        }
    }

    pub(super) fn wants(&self, database: Database) -> bool {
        self.on.is_none_or(|on| on == database)
    }
}

/// The sizes of one room.
#[derive(Debug)]
pub(super) struct Scale {
    sizes: BTreeMap<&'static str, u64>,
    is_short: bool,
    through_gateway: bool,
    seed: u64,
}

impl Scale {
    pub(super) fn new(knobs: &[Knob], asked: &Asked) -> Result<Self> {
        let own = |knob: &Knob| if asked.is_short { knob.short } else { knob.full };
        let size = |knob: &Knob| asked.numbers.get(knob.name).copied().unwrap_or_else(|| own(knob));
        let seed = match asked.numbers.get("seed") {
            Some(seed) => *seed,
            None => new_seed()?,
        };
        let sizes = knobs.iter().map(|knob| (knob.name, size(knob))).collect();
        let Asked { is_short, through_gateway, .. } = *asked;
        Ok(Self { sizes, is_short, through_gateway, seed })
    }

    /// A size. One that the room does not declare is none.
    pub(super) fn size(&self, name: &str) -> u64 {
        self.sizes.get(name).copied().unwrap_or_default()
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether the callers are to be clients of `bursar serve`.
    pub(super) fn through_gateway(&self) -> bool {
        self.through_gateway
    }

    /// Whether what only takes long may be made shorter.
    pub(super) fn is_short(&self) -> bool {
        self.is_short
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, size) in &self.sizes {
            write!(f, "--{name} {size} ")?;
        }
        write!(f, "--seed {}", self.seed)
    }
}

/// Another one each time; it is printed, so that a run can be had again.
fn new_seed() -> Result<u64> {
    use std::io::Read;
    let mut bytes = [0; 4];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(u64::from(u32::from_le_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOBS: [Knob; 1] = [Knob::new("kills", (500, 6), "processes that are killed")];

    fn asked(line: &str) -> Result<Asked> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Asked::read(&words)
    }

    #[test]
    fn sizes_are_the_rooms_own_unless_they_are_given() {
        let size = |line| Scale::new(&KNOBS, &asked(line).unwrap()).unwrap().size("kills");
        assert_eq!(size("kill9"), 500);
        assert_eq!(size("kill9 --short"), 6);
        assert_eq!(size("kill9 --short --kills 7"), 7);
    }

    #[test]
    fn through_the_gateway_are_the_rooms_that_can_be() {
        let rooms = |line| asked(line).unwrap().rooms(&super::super::ROOMS).unwrap().len();
        assert!((8..rooms("--short")).contains(&rooms("--short --through-gateway")));
        assert_eq!(rooms("kill9 --through-gateway"), 1);
    }

    #[test]
    fn a_seed_that_is_given_is_taken() {
        let scale = Scale::new(&KNOBS, &asked("--seed 7").unwrap()).unwrap();
        assert_eq!(scale.to_string(), "--kills 500 --seed 7");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--kills", "--kills many", "--on mysql"] {
            assert!(asked(line).is_err(), "{line}");
        }
        for line in ["kill8", "kill9 --kill 3", "hardcap --kills 3", "power --through-gateway"] {
            assert!(asked(line).unwrap().rooms(&super::super::ROOMS).is_err(), "{line}");
        }
    }
}
