//! The ledger is back: what the spool keeps is written to it, a batch at a time between other
//! groups.

use bursar_domain::money::Micros;
use bursar_domain::time::Timestamp;

use super::{Failure, Writer};
use crate::Error;
use crate::change::Change;
use crate::queue::{Job, Task};
use crate::spool::drain::Batch;

impl Writer {
    /// Writes a batch. What fails for another reason than that the ledger is away is told, and left
    /// in the spool's folder.
    pub(super) async fn drain(&mut self) {
        let Some(batch) = self.away.batch(self.group_max()).await else { return };
        match self.write_batch(&batch).await {
            Ok(failures) => self.away.batch_written(batch, failures).await,
            Err(error) => {
                self.away.put_back(batch);
                self.leave(Vec::new(), (error, false)).await;
            }
        }
    }

    /// How many of the batch could not be written.
    async fn write_batch(&mut self, batch: &Batch) -> Result<usize, Error> {
        let mut failures = self.write_spooled(&batch.restores).await?;
        failures += self.write_spooled(&batch.ends).await?;
        for (glass, calls, micro) in &batch.glasses {
            let change = Change::GlassBroken {
                reason: glass.reason.clone(),
                until: Timestamp(glass.until_ms),
                calls: *calls,
                held: Micros(*micro),
            };
            let task = Task::Change { actor: glass.by.clone(), changes: vec![change] };
            failures += self.write_spooled(&[task]).await?;
        }
        Ok(failures)
    }

    async fn write_spooled(&mut self, tasks: &[Task]) -> Result<usize, Error> {
        let jobs: Vec<Job> = tasks.iter().cloned().map(Job::unasked).collect();
        if jobs.is_empty() {
            return Ok(0);
        }
        match self.attempt(&jobs, false).await.0 {
            Ok(done) => return Ok(done.iter().filter(|done| is_failure(done)).count()),
            Err(Failure::Failed(error)) if self.is_away(&error) => return Err(error),
            Err(_) => {}
        }
        let mut failures = 0;
        for job in jobs {
            match self.attempt(&[job], false).await.0 {
                Ok(done) => failures += done.iter().filter(|done| is_failure(done)).count(),
                Err(Failure::Failed(error)) if self.is_away(&error) => return Err(error),
                Err(Failure::Failed(error)) => {
                    failures += 1;
                    tracing::error!("the ledger does not take what the spool keeps: {error}");
                }
                Err(Failure::Split) => return Err(Error::Locked),
            }
        }
        Ok(failures)
    }
}

fn is_failure(done: &Result<super::Done, Error>) -> bool {
    if let Err(error) = done {
        tracing::error!("the ledger does not take what the spool keeps: {error}");
    }
    done.is_err()
}
