//! Advice on requests that the model cannot take: too long, of a wrong shape, of a wrong kind.

use super::scene::{Scene, edition, figure, listing};
use super::{Advice, Cause};
use crate::catalogue::{Catalogue, LifecycleStatus, Model};

/// English text has about so many bytes a token; enough to say how far off a request is.
const BYTES_PER_TOKEN: u64 = 4;

pub(super) fn advise(scene: &Scene<'_>, cause: Cause) -> Option<Advice> {
    Some(match cause {
        Cause::ContextWindow => context_window(scene),
        Cause::OutputLimit => output_limit(scene),
        Cause::FieldTooLong => field_too_long(scene),
        Cause::MalformedRequest => malformed(scene),
        Cause::UnsupportedContent => unsupported(scene),
        Cause::InvalidRequest => invalid(scene),
        _ => return None,
    })
}

fn context_window(scene: &Scene<'_>) -> Advice {
    let (sent, allowed) = sent_and_allowed(scene.trouble.message);
    let window = allowed.or_else(|| scene.listed()?.context_window);
    let what = match (sent, window) {
        (Some(sent), Some(most)) => {
            format!(
                "the prompt has {} tokens, and {} takes {}",
                figure(sent),
                scene.named(),
                figure(most)
            )
        }
        (_, Some(most)) => {
            format!("the prompt is over the {} tokens that {} takes", figure(most), scene.named())
        }
        _ => format!("the prompt is longer than {} takes", scene.named()),
    };
    let why = "everything sent counts, earlier turns, tools, images and documents too, and the answer \
        has to fit beside it";
    let advice = Advice::of(Cause::ContextWindow, what, why).then_if(about(scene, sent));
    let advice = match (sent, window) {
        (Some(sent), Some(most)) if sent > most => {
            let over = sent - most;
            let share = (over * 100).div_ceil(sent);
            advice.then(format!(
                "leave out at least {} tokens, about {share} % of the prompt, and as much again as \
                 the answer may take",
                figure(over)
            ))
        }
        _ => advice.then("leave out older turns or parts of documents, or ask in several calls"),
    };
    let needed = sent.or_else(|| window.map(|window| window.saturating_add(1)));
    let roomier = needed.and_then(|needed| Some((roomier(scene, needed)?, needed)));
    let instead = roomier.map(|(model, needed)| {
        let window = model.context_window.map_or(String::new(), figure);
        format!("or call {}, which takes {window} tokens", scene.priced_id(&model, needed))
    });
    advice
        .then_if(instead)
        .then("`bursar estimate` tells before a call what a prompt comes to; with --count, Bedrock counts it")
}

/// `200049 tokens > 200000 maximum`; each `None` where it is not said.
fn sent_and_allowed(message: &str) -> (Option<u64>, Option<u64>) {
    let before = |word: &str| {
        let text = message.split_once(word)?.0.trim_end();
        text.rsplit(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
    };
    let after = |word: &str| number(message.split_once(word)?.1.trim_start());
    let allowed = before(" maximum").or_else(|| after("maximum context length is"));
    let sent = before(" tokens >").or_else(|| after("resulted in"));
    (sent, allowed)
}

/// How large the request was, where Bedrock did not count.
fn about(scene: &Scene<'_>, sent: Option<u64>) -> Option<String> {
    let bytes = scene.trouble.body_bytes;
    let is_needed = sent.is_none() && bytes > 0;
    is_needed.then(|| {
        let tokens = figure(bytes.div_ceil(BYTES_PER_TOKEN));
        format!(
            "the request had {} bytes, which as English text is about {tokens} tokens",
            figure(bytes)
        )
    })
}

/// Another model in offer by the same provider that takes as much: the newest of the family, else
/// the one with the least room to spare.
fn roomier(scene: &Scene<'_>, tokens: u64) -> Option<Model> {
    let old = scene.listed()?;
    let fits = |model: &Model| {
        is_instead(scene, &old, model)
            && model.context_window.is_some_and(|window| window >= tokens)
    };
    let all: Vec<Model> = Catalogue::embedded().models().filter(fits).collect();
    let family = all.iter().filter(|model| model.family == old.family);
    let nearest = family.max_by_key(|model| edition(model.id));
    nearest.or_else(|| all.iter().min_by_key(|model| model.context_window)).cloned()
}

fn output_limit(scene: &Scene<'_>) -> Advice {
    let stated = scene.trouble.message.split_once("limit of ").and_then(|(_, rest)| number(rest));
    let limit = stated.or_else(|| scene.listed()?.max_output_tokens);
    let what = format!("more output was asked for than {} gives", scene.named());
    let why = limit.map_or("each model has its own limit".to_owned(), |limit| {
        format!("its limit is {} tokens in one answer", figure(limit))
    });
    let next = limit.map_or("ask for fewer".to_owned(), |limit| {
        format!("ask for at most {limit} output tokens (`maxTokens`, `max_tokens`)")
    });
    Advice::of(Cause::OutputLimit, what, why).then(next).then(
        "for a longer answer, ask the model to go on from where it stopped, in a call of its own",
    )
}

fn field_too_long(scene: &Scene<'_>) -> Advice {
    let message = scene.trouble.message;
    let after = |word: &str| number(message.split_once(word)?.1.trim_start());
    let field = pointer(message).map_or("a field".to_owned(), |field| format!("`{field}`"));
    let what = match (after("actual:"), after("maxLength:")) {
        (Some(sent), Some(most)) => {
            format!(
                "{field} has {} characters, and {} takes {}",
                figure(sent),
                scene.named(),
                figure(most)
            )
        }
        _ => format!("{field} is longer than {} takes", scene.named()),
    };
    let why = "the model limits its input in characters, before any token is counted";
    Advice::of(Cause::FieldTooLong, what, why)
        .then("shorten it, or split it over several calls")
        .then(scene.look_up())
}

fn malformed(scene: &Scene<'_>) -> Advice {
    let what = format!("the body is not of the form that {} takes", scene.named());
    let why = match (pointer(scene.trouble.message), between(scene.trouble.message, '[', ']')) {
        (Some(field), Some(key)) => format!("at `{field}`, the key `{key}`: {}", scene.quoted()),
        (Some(field), None) => format!("at `{field}`: {}", scene.quoted()),
        _ => format!("Bedrock said {}", scene.quoted()),
    };
    Advice::of(Cause::MalformedRequest, what, why)
        .then("InvokeModel takes each provider's own JSON; Converse takes one form for every model")
        .then("`bursar converse` writes the body for you, for any chat model")
}

fn unsupported(scene: &Scene<'_>) -> Advice {
    let message = scene.trouble.message;
    let kind = message.split_once("support the ").and_then(|(_, rest)| rest.split_once(' '));
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let kind = kind.filter(|(kind, _)| is_word(kind));
    let (what, kind) = match kind {
        Some((kind, rest)) if rest.starts_with("field") => {
            (format!("{} does not take the field `{kind}`", scene.named()), None)
        }
        Some((kind, _)) => (format!("{} does not take {kind} content", scene.named()), Some(kind)),
        None => (format!("{} does not take a part of the request", scene.named()), None),
    };
    let takes = scene.listed().and_then(|model| model.input_modalities);
    let why = match takes {
        Some(takes) if kind.is_some_and(|kind| !takes.contains(&kind)) => {
            format!("it takes {}", listing(&takes))
        }
        _ => format!("Bedrock said {}", scene.quoted()),
    };
    let instead = kind.and_then(|kind| reader_of(scene, kind));
    Advice::of(Cause::UnsupportedContent, what, why)
        .then("leave that part out")
        .then_if(instead.map(|model| format!("or call {}", scene.priced_id(&model, 0))))
        .then(scene.look_up())
}

/// Whether a model is another one of the same kind by the same provider, and in offer.
fn is_instead(scene: &Scene<'_>, old: &Model, model: &Model) -> bool {
    model.id != old.id
        && model.lifecycle.status == LifecycleStatus::Active
        && !model.is_over(scene.trouble.at)
        && model.provider == old.provider
        && model.modality == old.modality
        && model.on_runtime != Some(false)
}

/// The newest model of the family, else of the provider, that takes a kind of content.
fn reader_of(scene: &Scene<'_>, kind: &str) -> Option<Model> {
    let old = scene.listed()?;
    let fits = |model: &Model| {
        let takes = model.input_modalities.as_ref().is_some_and(|takes| takes.contains(&kind));
        takes && is_instead(scene, &old, model)
    };
    let all = Catalogue::embedded().models().filter(fits);
    all.max_by_key(|model| (model.family == old.family, edition(model.id)))
}

fn invalid(scene: &Scene<'_>) -> Advice {
    let what = format!("Bedrock does not accept the request to {}", scene.named());
    Advice::of(Cause::InvalidRequest, what, format!("it said {}", scene.quoted()))
        .then("change what it names: the same request gets the same answer")
        .then(scene.look_up())
}

/// The JSON pointer of `Malformed input request: #/messages/2/content/0: …`
fn pointer(message: &str) -> Option<&str> {
    let field = message.split_once("#/")?.1.split([':', ' ']).next()?;
    let is_plain = field.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'`');
    (!field.is_empty() && is_plain).then_some(field)
}

fn between(message: &str, open: char, close: char) -> Option<&str> {
    let (inner, _) = message.split_once(open)?.1.split_once(close)?;
    (!inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(inner)
}

/// The number that a text begins with.
fn number(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_sent_and_allowed_are_read_from_the_message() {
        let both = |sent, allowed| (Some(sent), Some(allowed));
        assert_eq!(
            sent_and_allowed("prompt is too long: 200049 tokens > 200000 maximum"),
            both(200_049, 200_000)
        );
        assert_eq!(
            sent_and_allowed(
                "This model's maximum context length is 131072 tokens. However, your messages \
                 resulted in 140000 tokens."
            ),
            both(140_000, 131_072)
        );
        for silent in ["Input is too long for requested model.", "", "a maximum", " tokens >"] {
            assert_eq!(sent_and_allowed(silent), (None, None), "{silent:?}");
        }
        let absurd = "prompt is too long: 99999999999999999999999 tokens > 1 maximum";
        assert_eq!(sent_and_allowed(absurd), (None, Some(1)));
    }

    #[test]
    fn a_field_is_read_from_its_pointer() {
        let message = "Malformed input request: #/texts/0: expected maxLength: 2048, actual: 19882";
        assert_eq!(pointer(message), Some("texts/0"));
        assert_eq!(pointer("expected maxLength: 42000"), None);
        assert_eq!(between("extraneous key [toolResult] is not", '[', ']'), Some("toolResult"));
        assert_eq!(between("nothing [", '[', ']'), None);
    }
}
