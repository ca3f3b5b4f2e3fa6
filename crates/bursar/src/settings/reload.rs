//! The settings as they are now, for a process that has read them before.

use super::Settings;
use crate::failure::Failure;

impl Settings {
    /// Reads file and environment again.
    pub(crate) fn load_again(&self) -> Result<Self, Failure> {
        Self::load(self.file.as_deref(), Some(&self.ledger_url))
    }

    /// What is said otherwise now than in these, and counts only from the next start on.
    pub(crate) fn needs_restart(&self, now: &Self) -> Vec<String> {
        let (then, now) = (&self.said, &now.said);
        let changed = [
            ("[ledger]", then.ledger != now.ledger),
            ("[aws]", then.aws != now.aws),
            ("[[upstream]]", then.upstream != now.upstream),
            ("[models] catalogue", then.models.catalogue != now.models.catalogue),
            ("[tags]", then.tags != now.tags),
            ("[limits] connect_ms", then.limits.connect_ms != now.limits.connect_ms),
            (
                "[limits] admission_wait_ms",
                then.limits.admission_wait_ms != now.limits.admission_wait_ms,
            ),
            ("[spool]", then.spool != now.spool),
            ("[oidc]", then.oidc != now.oidc),
            ("[telemetry]", then.telemetry != now.telemetry),
        ];
        let changed = changed.into_iter().filter(|(_, is_changed)| *is_changed);
        changed.map(|(what, _)| what.to_owned()).collect()
    }
}
