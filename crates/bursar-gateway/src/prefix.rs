//! What stands before a door's own path: `/team/NAME`, `/project/NAME`, `/tag/KEY=VALUE`, in any
//! order and number, for clients that can be told a base URL and nothing else.
//!
//! It says whom a call belongs to where no key does; beside a key it must not say otherwise.

use bursar_domain::access::check_name;
use bursar_domain::identity::Attribution;
use bursar_wire::problem::{Problem, ProblemKind};
use percent_encoding::percent_decode_str;

/// Adds what a raw prefix says to whom a call belongs.
///
/// # Errors
/// A prefix that is none, and one that says otherwise than the key does.
pub(crate) fn read(raw: &str, mut who: Attribution) -> Result<Attribution, Problem> {
    let Some(rest) = raw.strip_prefix('/') else {
        return if raw.is_empty() { Ok(who) } else { Err(unknown(raw)) };
    };
    let mut segments = rest.split('/');
    while let Some(word) = segments.next() {
        let value = segments.next().ok_or_else(|| unknown(raw))?;
        let value = percent_decode_str(value).decode_utf8().map_err(|_| unknown(raw))?;
        match word {
            "team" => name(&mut who, "team", &value)?,
            "project" => name(&mut who, "project", &value)?,
            "tag" => {
                let (key, value) = value.split_once('=').ok_or_else(|| unknown(raw))?;
                tag(&mut who, key, value)?;
            }
            _ => return Err(unknown(raw)),
        }
    }
    Ok(who)
}

/// Adds a label, unless there are too many.
pub(crate) fn tag(who: &mut Attribution, key: &str, value: &str) -> Result<(), Problem> {
    let fits = |text: &str| (1..=Attribution::TAG_BYTES_MAX).contains(&text.len());
    if !fits(key) || !fits(value) || key.chars().chain(value.chars()).any(char::is_control) {
        let most = Attribution::TAG_BYTES_MAX;
        let message = format!("a tag has a key and a value of 1 to {most} bytes");
        return Err(Problem::new(ProblemKind::Invalid, message));
    }
    who.tags.insert(key.to_owned(), value.to_owned());
    if who.tags.len() > Attribution::TAGS_MAX {
        let message = format!("there are more than {} tags", Attribution::TAGS_MAX);
        return Err(Problem::new(ProblemKind::Invalid, message));
    }
    Ok(())
}

fn name(who: &mut Attribution, what: &str, said: &str) -> Result<(), Problem> {
    check_name(said).map_err(|why| {
        Problem::new(ProblemKind::Invalid, format!("the path's {what} is no name: {why}"))
    })?;
    let has_key = who.key.is_some();
    let known = if what == "team" { &mut who.team } else { &mut who.project };
    match known {
        Some(known) if known == said => Ok(()),
        None if !has_key => {
            *known = Some(said.to_owned());
            Ok(())
        }
        _ => Err(Problem::new(
            ProblemKind::NotAllowed,
            format!(
                "the path says another {what} than the key\n\
                 hint: leave `/{what}/…` out of the URL; the key says it"
            ),
        )),
    }
}

fn unknown(raw: &str) -> Problem {
    let shown: String = raw.chars().take(100).collect::<String>().escape_default().to_string();
    Problem::new(
        ProblemKind::NoSuchRoute,
        format!(
            "nothing is served under `{shown}`\n\
             hint: a prefix is `/team/NAME`, `/project/NAME` or `/tag/KEY=VALUE`"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bare(raw: &str) -> Result<Attribution, Problem> {
        read(raw, Attribution::default())
    }

    fn keyed() -> Attribution {
        Attribution {
            team: Some("a".to_owned()),
            key: Some("key_x".to_owned()),
            ..Attribution::default()
        }
    }

    #[test]
    fn a_prefix_says_whom_a_call_belongs_to_where_no_key_does() {
        let who = read_bare("/team/R%26D%20(EU)/tag/env=prod/project/atlas").unwrap();
        assert_eq!(who.team.as_deref(), Some("R&D (EU)"));
        assert_eq!(who.project.as_deref(), Some("atlas"));
        assert_eq!(who.tags["env"], "prod");
        assert_eq!(read_bare("").unwrap(), Attribution::default());
    }

    #[test]
    fn beside_a_key_it_adds_labels_and_changes_nothing() {
        assert_eq!(read("/team/a", keyed()).unwrap(), keyed());
        assert_eq!(read("/tag/env=prod", keyed()).unwrap().tags.len(), 1);
        for other in ["/team/b", "/project/x"] {
            assert_eq!(read(other, keyed()).unwrap_err().kind, ProblemKind::NotAllowed, "{other}");
        }
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        for raw in [
            "/",
            "//",
            "/team",
            "/team/",
            "/team/a/",
            "/team/%2e%2e%2f",
            "/teams/a",
            "x",
            "/tag/a",
            "/tag/a=",
            "/tag/=b",
            "/team/%ff",
            "/team/a%0ab",
        ] {
            assert!(read_bare(raw).is_err(), "{raw}");
        }
        let many: Vec<String> = (0..40).map(|number| format!("/tag/k{number}=v")).collect();
        assert!(read_bare(&many.concat()).is_err());
    }
}
