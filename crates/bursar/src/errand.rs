//! What one run of a command is in the ledger: a label on each of its calls, a hard limit on that
//! label for as long as the run lasts, and the sums at its end.

use bursar_admin::{Admin, LimitWords, Selectors, parse_amount, write_amount};
use bursar_domain::call::CallId;
use bursar_domain::identity::Attribution;
use bursar_domain::limit::{Limit, LimitId, Unit};
use bursar_domain::money::Total;
use bursar_domain::time::Timestamp;
use bursar_ledger::{Change, Counters, Dimension, UsageQuery};
use serde_json::{Value, json};

use crate::failure::{Failure, Situation};

/// The label of every call of a run.
pub(crate) const TAG: &str = "bursar-run";

/// A run that has begun: its limit holds.
pub(crate) struct Errand {
    id: String,
    limit: Limit,
    began: Timestamp,
}

/// What became of it.
pub(crate) struct Sums {
    id: String,
    counters: Counters,
    cap: Total,
    spent: Total,
    /// How many calls the cap has refused.
    pub(crate) refused: u64,
}

/// That a cap is money, and some. It is checked before anything is opened.
pub(crate) fn check_cap(text: &str) -> Result<(), Failure> {
    let (unit, amount) = parse_amount(text)
        .map_err(|error| Failure::from_text(Situation::Usage, &error.to_string()))?;
    let wrong = |problem: &str| {
        Failure::new(Situation::Usage, format!("the cap `{text}` {problem}"))
            .hint("write dollars, such as `--cap 2usd` or `--cap 0.05usd`")
    };
    match unit {
        Unit::Usd if amount.0 > 0 => Ok(()),
        Unit::Usd => Err(wrong("lets nothing be spent")),
        _ => Err(wrong("is no money")),
    }
}

impl Errand {
    /// Sets the limit, and labels whom the calls belong to.
    pub(crate) async fn begin(
        admin: &Admin,
        cap: &str,
        mut who: Attribution,
    ) -> Result<(Self, Attribution), Failure> {
        let began = admin.clock.now();
        let id = CallId::new(began, &admin.entropy.bytes()).to_string();
        label(&mut who, &id)?;
        let tags = [(TAG.to_owned(), id.clone())].into();
        let selectors = Selectors { tags, ..Selectors::default() };
        let words = LimitWords {
            window: "total".to_owned(),
            limit: cap.to_owned(),
            ..LimitWords::default()
        };
        let limit = words.limit(LimitId(id.clone()), &selectors)?;
        admin.ledger.change(&admin.actor, vec![Change::SetLimit(limit.clone())]).await?;
        Ok((Self { id, limit, began }, who))
    }

    /// Ends the limit, and adds up. Every call has been settled by now.
    pub(crate) async fn end(self, admin: &Admin) -> Result<Sums, Failure> {
        let Self { id, limit, began } = self;
        let ledger = &admin.ledger;
        ledger.change(&admin.actor, vec![Change::EndLimit(limit.id.clone())]).await?;
        let standing = ledger.counter(&limit, &limit.place_at("", began)).await?;
        let by = Dimension::Tag(TAG.to_owned());
        let query = UsageQuery { by, since: Some(began), until: None, count_tokens: false };
        let rows = ledger.usage(&query).await?.rows;
        let own = rows.into_iter().find(|row| row.value.as_deref() == Some(id.as_str()));
        Ok(Sums {
            id,
            counters: own.map(|row| row.counters).unwrap_or_default(),
            cap: Total::from_halves(standing.balance.limit.0, 0),
            spent: standing.balance.spent_total(),
            refused: standing.refused,
        })
    }
}

fn label(who: &mut Attribution, id: &str) -> Result<(), Failure> {
    let had = who.tags.insert(TAG.to_owned(), id.to_owned());
    if had.is_some() {
        let message = format!("the tag `{TAG}` is the run's own");
        return Err(Failure::new(Situation::Usage, message).hint("leave it out"));
    }
    if who.tags.len() > Attribution::TAGS_MAX {
        let most = Attribution::TAGS_MAX - 1;
        let message = format!("a run has room for {most} labels beside its own");
        return Err(Failure::new(Situation::Usage, message));
    }
    Ok(())
}

impl Sums {
    /// For people, in a line.
    pub(crate) fn line(&self) -> String {
        let Counters { calls, output_tokens, estimated, .. } = self.counters;
        let word = if calls == 1 { "call" } else { "calls" };
        let input = self.input();
        let at_most = if estimated > 0 { "at most " } else { "" };
        let (spent, cap) = (write_amount(self.spent), write_amount(self.cap));
        let refused = match self.refused {
            0 => String::new(),
            refused => format!(" · {refused} refused"),
        };
        format!(
            "bursar: {calls} {word} · {input} in, {output_tokens} out · {at_most}${spent} of \
             ${cap}{refused} · run {}",
            self.id
        )
    }

    /// The same for programs, beside the code that the command ended with.
    pub(crate) fn as_json(&self, command: u8) -> Value {
        json!({
            "run": self.id,
            "calls": self.counters.calls,
            "input_tokens": self.input(),
            "output_tokens": self.counters.output_tokens,
            "cost_usd": write_amount(self.spent),
            "cap_usd": write_amount(self.cap),
            "estimated": self.counters.estimated,
            "refused": self.refused,
            "exit_code": command,
        })
    }

    /// All that was sent, cached or not.
    fn input(&self) -> i64 {
        let Counters { input_tokens, cache_read_tokens, .. } = self.counters;
        let written = self.counters.cache_write_5m_tokens + self.counters.cache_write_1h_tokens;
        input_tokens + cache_read_tokens + written
    }
}
