//! The live view of `bursar top`: what it shows, what is selected, and what a key asks for.
//!
//! No terminal and no ledger here: keys come in, and what is to be done goes out.

mod draw;

use bursar_admin::{MinuteReply, Recent, RunningCall, TroubleReply};
use bursar_domain::closed_set;
use bursar_domain::money::{Cost, Total};
use bursar_domain::time::Timestamp;
use bursar_ledger::{Minute, Trouble};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::failure::{Failure, Situation};

pub(crate) use draw::draw;

closed_set! {
    /// What the running calls are sorted by, the most first.
    SortBy {
        /// How long they have run.
        Age = "age",
        /// What they have cost.
        Cost = "cost",
        /// What they have put out.
        Tokens = "tokens",
    }
}

/// What was read of the ledger, at one instant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scene {
    pub(crate) at: Timestamp,
    pub(crate) running: Vec<RunningCall>,
    pub(crate) minutes: Vec<Minute>,
    pub(crate) troubles: Vec<Trouble>,
}

impl Scene {
    /// What an answer tells of.
    pub(crate) fn of(recent: &Recent) -> Result<Self, Failure> {
        let read = || {
            let minute = |minute: &MinuteReply| {
                Some(Minute {
                    at: Timestamp::parse_rfc3339(&minute.minute)?,
                    calls: minute.calls,
                    cost: minute.cost()?,
                })
            };
            Some(Self {
                at: Timestamp::parse_rfc3339(&recent.at)?,
                running: recent.running.clone(),
                minutes: recent.minutes.iter().map(minute).collect::<Option<_>>()?,
                troubles: recent.refusals.iter().map(trouble).collect(),
            })
        };
        let wrong = "what runs was told with figures that are none";
        read().ok_or_else(|| Failure::new(Situation::BadData, wrong))
    }
}

fn trouble(told: &TroubleReply) -> Trouble {
    Trouble {
        model: told.model.clone(),
        team: told.team.clone(),
        calls: told.calls,
        refused: told.refused,
        throttled_attempts: told.throttled_attempts,
    }
}

/// What a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing but to be drawn again.
    Nothing,
    /// To end the view.
    Quit,
    /// To cut a call.
    Cut(String),
    /// To freeze a team.
    Freeze(String),
}

/// What is seen of the scene.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) scene: Scene,
    pub(crate) sort: SortBy,
    /// The call that is selected, by its id: rows move, it does not.
    selected: Option<String>,
    /// What a `y` confirms.
    pub(crate) asked: Option<Wish>,
    /// What was last done, or why not.
    pub(crate) note: String,
}

impl View {
    pub(crate) fn new() -> Self {
        Self {
            scene: Scene::default(),
            sort: SortBy::Age,
            selected: None,
            asked: None,
            note: String::new(),
        }
    }

    /// Takes what was read anew.
    pub(crate) fn show(&mut self, scene: Scene) {
        self.scene = scene;
        self.sort();
    }

    /// Where the selected call stands; the first one, when none is selected or it has ended.
    pub(crate) fn position(&self) -> Option<usize> {
        let running = &self.scene.running;
        let of_id = running.iter().position(|call| Some(&call.id) == self.selected.as_ref());
        of_id.or((!running.is_empty()).then_some(0))
    }

    /// Takes a key.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Wish {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if is_control && key.code == KeyCode::Char('c') {
            return Wish::Quit;
        }
        self.note.clear();
        if let Some(asked) = self.asked.take() {
            return if key.code == KeyCode::Char('y') { asked } else { Wish::Nothing };
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Wish::Quit,
            KeyCode::Char('a') => self.sort_by(SortBy::Age),
            KeyCode::Char('c') => self.sort_by(SortBy::Cost),
            KeyCode::Char('t') => self.sort_by(SortBy::Tokens),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Char('x') => self.ask_to_cut(),
            KeyCode::Char('f') => self.ask_to_freeze(),
            _ => {}
        }
        Wish::Nothing
    }

    fn ask_to_cut(&mut self) {
        let Some(id) = self.selected().map(|call| call.id.clone()) else { return };
        self.note = format!("cut {id}? y/n");
        self.asked = Some(Wish::Cut(id));
    }

    fn ask_to_freeze(&mut self) {
        let Some(team) = self.selected().map(|call| call.team.clone()) else { return };
        match team {
            Some(team) => {
                self.note = format!("freeze team {team}? y/n");
                self.asked = Some(Wish::Freeze(team));
            }
            None => "this call has no team to freeze".clone_into(&mut self.note),
        }
    }

    fn selected(&self) -> Option<&RunningCall> {
        self.scene.running.get(self.position()?)
    }

    fn step(&mut self, by: isize) {
        let Some(position) = self.position() else { return };
        let last = self.scene.running.len() - 1;
        let position = position.saturating_add_signed(by).min(last);
        self.selected = Some(self.scene.running[position].id.clone());
    }

    fn sort_by(&mut self, sort: SortBy) {
        self.sort = sort;
        self.sort();
    }

    fn sort(&mut self) {
        let sort = self.sort;
        self.scene.running.sort_by_key(|call| {
            std::cmp::Reverse(match sort {
                SortBy::Age => i128::from(call.age_ms),
                SortBy::Cost => cost_of(call).map_or(-1, |cost| i128::from(cost.pico())),
                SortBy::Tokens => i128::from(call.output_tokens.unwrap_or(0)),
            })
        });
    }
}

/// What running calls have come to.
fn cost_of(call: &RunningCall) -> Option<Cost> {
    Cost::parse_usd(&format!("{}usd", call.cost_usd.as_deref()?)).ok()
}

/// What has been spent in the latest whole minute.
fn last_minute(scene: &Scene) -> Total {
    let minute = Timestamp(scene.at.0 - scene.at.0.rem_euclid(60_000) - 60_000);
    let found = scene.minutes.iter().find(|known| known.at == minute);
    found.map_or(Total(0), |known| known.cost)
}

#[cfg(test)]
mod tests;
