//! [`Offers`] as a text to keep: tab-separated lines, sorted by id, and what they are at the top.
//!
//! Written by one version of this program and read by it and by later ones. What is not exactly of
//! its form is refused with its line, and nothing of it is used.

use std::fmt;
use std::str::Split;

use super::{LifecycleStatus, Offer, OfferedRoute, Offers};
use crate::model::ModelId;
use crate::time::Timestamp;

const FORM: &str = "#bursar-catalogue\t1";

/// Why a text is no list of offers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BrokenOffers {
    /// Counts from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for Offers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORM}")?;
        writeln!(f, "#region\t{}", clean(&self.region))?;
        writeln!(f, "#retrieved\t{}", self.retrieved_at)?;
        writeln!(f, "#source\t{}", clean(&self.source))?;
        for offer in &self.models {
            write_model(f, offer)?;
            for OfferedRoute { geography, to } in &offer.profiles {
                let to = to.as_ref().map_or_else(|| "-".to_owned(), |to| list(to));
                writeln!(f, "{}\tprofile\t{}\t{to}", offer.id, clean(geography))?;
            }
        }
        Ok(())
    }
}

fn write_model(f: &mut fmt::Formatter<'_>, offer: &Offer) -> fmt::Result {
    let day = |day: Option<Timestamp>| day.map_or_else(|| "-".to_owned(), Timestamp::date);
    let flag = |flag: Option<bool>| match flag {
        Some(true) => 'y',
        Some(false) => 'n',
        None => '?',
    };
    write!(f, "{}\tmodel\t{}\t{}\t", offer.id, clean(&offer.name), clean(&offer.provider))?;
    write!(f, "{}\t{}\t", list(&offer.inputs), list(&offer.outputs))?;
    write!(f, "{}{}\t{}\t", flag(offer.streaming), flag(Some(offer.on_demand)), offer.status)?;
    write!(f, "{}\t{}\t", day(offer.launch), day(offer.legacy_from))?;
    writeln!(f, "{}\t{}", day(offer.public_extended_access_from), day(offer.end_of_life))
}

impl Offers {
    /// Reads what was written.
    ///
    /// # Errors
    /// The first line that is not of its form.
    pub fn parse(text: &str) -> Result<Self, BrokenOffers> {
        let mut lines = text.lines().zip(1..);
        let mut head = |start: &str, why| {
            let line = lines.next();
            let value = line.and_then(|(line, _)| line.strip_prefix(start));
            value.ok_or(BrokenOffers { line: line.map_or(1, |(_, number)| number), why })
        };
        if !head(FORM, "it is no catalogue of this version")?.is_empty() {
            return Err(BrokenOffers { line: 1, why: "it is no catalogue of this version" });
        }
        let region = head("#region\t", "it does not tell its region")?.to_owned();
        let retrieved = head("#retrieved\t", "it does not tell its time")?;
        let source = head("#source\t", "it does not tell its source")?.to_owned();
        let retrieved_at = Timestamp::parse_rfc3339(retrieved)
            .ok_or(BrokenOffers { line: 3, why: "its time is none" })?;
        let mut models: Vec<Offer> = Vec::new();
        for (text, line) in lines {
            let broken = |why| BrokenOffers { line, why };
            match read(text, models.last_mut()).map_err(broken)? {
                Some(offer) if models.last().is_none_or(|last| last.id < offer.id) => {
                    models.push(offer);
                }
                Some(_) => return Err(broken("it is not in the order of the ids")),
                None => {}
            }
        }
        Ok(Self { region, retrieved_at, source, models })
    }
}

/// A model; or nothing, when the line is a profile of the model before it.
fn read(text: &str, last: Option<&mut Offer>) -> Result<Option<Offer>, &'static str> {
    let mut fields = text.split('\t');
    let id = fields.next().and_then(ModelId::parse).ok_or("it does not begin with a model's id")?;
    let is_profile = match fields.next() {
        Some("model") => false,
        Some("profile") => true,
        _ => return Err("it is neither a model nor a profile"),
    };
    if !is_profile {
        let model = read_model(id, &mut fields).filter(|_| fields.next().is_none());
        return model.map(Some).ok_or("its fields are not those of a model");
    }
    let owner = last.filter(|last| last.id == id).ok_or("its model is not before it")?;
    let route = read_route(&mut fields).filter(|_| fields.next().is_none());
    owner.profiles.push(route.ok_or("its fields are not those of a profile")?);
    Ok(None)
}

fn read_model(id: ModelId, fields: &mut Split<'_, char>) -> Option<Offer> {
    let (name, provider) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let (inputs, outputs) = (items(fields.next()?), items(fields.next()?));
    let (streaming, on_demand) = match fields.next()? {
        "yy" => (Some(true), true),
        "yn" => (Some(true), false),
        "ny" => (Some(false), true),
        "nn" => (Some(false), false),
        "?y" => (None, true),
        "?n" => (None, false),
        _ => return None,
    };
    let status: LifecycleStatus = fields.next()?.parse().ok()?;
    let mut day = || match fields.next()? {
        "-" => Some(None),
        day => Timestamp::parse_date(day).map(Some),
    };
    let (launch, legacy_from) = (day()?, day()?);
    let (public_extended_access_from, end_of_life) = (day()?, day()?);
    Some(Offer {
        id,
        name,
        provider,
        inputs,
        outputs,
        streaming,
        on_demand,
        status,
        launch,
        legacy_from,
        public_extended_access_from,
        end_of_life,
        profiles: Vec::new(),
    })
}

fn read_route(fields: &mut Split<'_, char>) -> Option<OfferedRoute> {
    let geography = fields.next().filter(|label| !label.is_empty())?.to_owned();
    let to = match fields.next()? {
        "-" => None,
        regions => Some(items(regions)),
    };
    Some(OfferedRoute { geography, to })
}

fn items(field: &str) -> Vec<String> {
    field.split('|').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn list(items: &[String]) -> String {
    items.iter().map(|item| clean(item).replace('|', " ")).collect::<Vec<_>>().join("|")
}

/// A text from outside that stays within its field.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
