//! The callers: they ask, are answered, send their call, and say in the end what it cost; some go
//! away, some say it twice, and some after their process has died.

use std::rc::Rc;

use crate::check::{Violation, broken};
use crate::process::Task;
use crate::rules::Open;
use crate::scenario::{intent, truth};
use crate::tables::{CallNumber, End};
use crate::world::{Call, World};

/// Calls that wait at a process; more would only be the same again.
const WAITING_MAX: usize = 16;

impl World {
    /// Somebody asks a process to admit a call.
    pub(crate) fn ask(&mut self, number: usize) {
        let process = &self.processes[number];
        if !process.is_up || process.inbox.len() >= WAITING_MAX {
            return;
        }
        let Ok(call) = CallNumber::try_from(self.calls.len()) else { return };
        let (owner, at) = (process.owner, process.now(self.now));
        let who = &self.who[self.random.index(self.who.len())];
        let intent = Rc::new(intent(call, at, who, &mut self.random));
        let is_gone = self.random.chance(300);
        self.calls.push(Call { intent, process: number, owner, is_gone, open: None });
        self.processes[number].inbox.push_back(Task::Reserve(call));
    }

    /// A caller hears that its call is admitted: it sends it, if it is still there.
    pub(crate) fn tell_admitted(&mut self, number: usize, open: &Rc<Open>) {
        let call = &mut self.calls[open.call as usize];
        if call.is_gone {
            self.tally.add("voids");
            let void = Task::End(End::Void(Rc::clone(open)));
            self.processes[number].inbox.push_back(void);
            return;
        }
        self.tally.add("admitted");
        call.open = Some(Rc::clone(open));
        let truth = Rc::new(truth(&open.intent, &mut self.random));
        self.sent.insert(open.call, truth);
        self.running.push(open.call);
    }

    /// A caller hears no: then nothing is held for it, nor charged.
    pub(crate) fn tell_refused(&mut self, call: CallNumber) -> Result<(), Violation> {
        self.tally.add("refused");
        if self.tables.is_known(call) {
            return broken("what is refused is neither held nor charged", format!("call {call}"));
        }
        Ok(())
    }

    /// A call has ended, and somebody says so.
    pub(crate) fn finish(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let place = self.random.index(self.running.len());
        let number = self.running.swap_remove(place);
        let (call, truth) = (&self.calls[number as usize], &self.sent[&number]);
        let Some(open) = &call.open else { return };
        let settle = Task::End(End::Settle(Rc::clone(open), Rc::clone(truth)));
        let abandon = Task::End(End::Abandon(Rc::clone(open)));
        let home = &self.processes[call.process];
        let is_home = home.is_up && home.owner == call.owner;
        let teller = if is_home { call.process } else { self.random.index(self.processes.len()) };
        if !self.processes[teller].is_up || (!is_home && self.random.chance(5_000)) {
            return;
        }
        let inbox = &mut self.processes[teller].inbox;
        match self.random.below(100) {
            // Its proof was dropped.
            0..=2 => inbox.push_back(abandon),
            // Told again: at once, or once somebody else has swept it.
            3..=7 => inbox.extend([settle.clone(), settle]),
            8..=10 => inbox.extend([abandon, settle]),
            _ => inbox.push_back(settle),
        }
    }
}
