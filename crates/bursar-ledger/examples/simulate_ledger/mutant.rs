//! Faults that are put into the simulated ledger on purpose: each must be found, or the invariants
//! that hold without it mean nothing.

bursar_domain::closed_set! {
    /// One broken rule.
    Mutant {
        /// A limit refuses nothing.
        NoGuard = "no-guard",
        /// A settlement does not ask whether the hold is still there.
        TokenIgnored = "token-ignored",
        /// Settlements lock windows in descending order, reservations in ascending.
        LockOrderReversed = "lock-order-reversed",
        /// The sweep gives back what was held, as if nothing had been sent.
        SweepRefunds = "sweep-refunds",
        /// An admission is decided by limits that have changed since.
        StaleLimits = "stale-limits",
        /// A reservation that is sent again, since its answer was lost, is taken for what it asks
        /// now, not for what was held the first time.
        ResendForgets = "resend-forgets",
        /// A window is taken by the process's own clock, whatever the database's says.
        OwnClock = "own-clock",
    }
}
