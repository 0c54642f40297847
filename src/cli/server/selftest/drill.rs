//! The drill: servers are killed at random moments, and everything accepted is checked after each.

use std::path::Path;
use std::time::Duration;

use cairn_client::proto::invite::InviteLink;
use indicatif::HumanCount;
use rand::RngExt as _;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::cli::failure::{Exit, Failure};
use crate::cli::server::selftest::crowd::{Crowd, Extent};
use crate::cli::server::selftest::ledger::Problems;
use crate::cli::server::selftest::limits::{
    LIFE_MAX, MESSAGE_BYTES_MAX, STARTING_LIFE_MAX, STARTING_SHARE, STOPPING_SHARE, TICK,
};
use crate::cli::server::selftest::process::{Process, Site};
use crate::ui::progress::Progress;

/// Kills by what the server was doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Kills {
    pub(super) under_load: u64,
    pub(super) while_starting: u64,
    pub(super) while_stopping: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Counts {
    pub(super) kills: Kills,
    /// Messages that were accepted, all of which were compared.
    pub(super) accepted: u64,
    /// Data directories that were filled and removed.
    pub(super) directories: u64,
    /// From the start of a process until it accepts connections, in milliseconds.
    pub(super) restart_ms: Restarts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Restarts {
    pub(super) count: u64,
    pub(super) mean: f64,
    pub(super) max: f64,
}

/// When a run ends.
#[derive(Clone, Debug)]
pub(super) struct Until {
    pub(super) end: Instant,
    /// Becomes true at Ctrl-C.
    pub(super) interrupted: watch::Receiver<bool>,
}

pub(super) struct Drill<'a> {
    dir: &'a Path,
    until: Until,
    progress: Progress,
    pub(super) counts: Counts,
    pub(super) problems: Problems,
}

impl Kills {
    pub(super) const fn all(self) -> u64 {
        self.under_load + self.while_starting + self.while_stopping
    }
}

impl Restarts {
    fn add(&mut self, took: Duration) {
        let millis = took.as_secs_f64() * 1e3;
        self.mean = (self.mean * self.count as f64 + millis) / (self.count + 1) as f64;
        self.max = self.max.max(millis);
        self.count += 1;
    }
}

impl Until {
    fn is_over(&self) -> bool {
        Instant::now() >= self.end || *self.interrupted.borrow()
    }
}

impl<'a> Drill<'a> {
    pub(super) fn new(dir: &'a Path, until: Until, progress: Progress) -> Self {
        Self {
            dir,
            until,
            progress,
            counts: Counts::default(),
            problems: Problems::default(),
        }
    }

    /// Fills one data directory after another, until the time is over or there is a problem.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        loop {
            self.fill().await?;
            if self.until.is_over() || !self.problems.are_none() {
                return Ok(());
            }
            // Bounds the use of the disk.
            self.counts.directories += 1;
            std::fs::remove_dir_all(self.dir.join("data")).map_err(|error| {
                Failure::caused(Exit::DataUnusable, "cannot remove the data", &error)
            })?;
        }
    }

    /// Fills one data directory with messages, under kills.
    async fn fill(&mut self) -> Result<(), Failure> {
        let mut site = Site::new(self.dir);
        let server = match site.start().await? {
            Ok(server) => server,
            Err(said) => return Err(Failure::new(Exit::DataUnusable, said)),
        };
        let link = server.invite.as_deref().unwrap_or_default();
        let link: InviteLink = link
            .parse()
            .map_err(|_| Failure::new(Exit::Failed, "the server printed no invite"))?;
        let mut crowd = Crowd::gather(&link, rand::rng().random()).await?;
        let mut process = server.process;
        let before = self.counts.accepted;
        while !self.until.is_over() && crowd.ledger.lock().bytes < MESSAGE_BYTES_MAX {
            crowd.talk();
            if !self.load(&crowd, before, &mut process).await {
                return Err(explain_end(&site, &mut process));
            }
            self.kill(&site, process).await?;
            let started = Instant::now();
            match site.start().await? {
                Ok(server) => process = server.process,
                Err(said) => {
                    let kills = self.counts.kills.all();
                    let what = format!("after kill {kills}, it does not start again: {said}");
                    self.problems.add_other(what);
                    return Ok(());
                }
            }
            self.counts.restart_ms.add(started.elapsed());
            tokio::select! {
                settled = crowd.settle(Extent::New, &mut self.problems) => settled?,
                () = process.gone() => return Err(explain_end(&site, &mut process)),
            }
            self.counts.accepted = before + crowd.ledger.lock().accepted;
            if !self.problems.are_none() {
                return Ok(());
            }
        }
        self.finish(&site, crowd, process).await
    }

    /// Lets the clients send for a random time. Returns whether the server still runs.
    async fn load(&mut self, crowd: &Crowd, before: u64, process: &mut Process) -> bool {
        let life = rand::rng().random_range(Duration::ZERO..LIFE_MAX);
        let end = (Instant::now() + life).min(self.until.end);
        while Instant::now() < end && !*self.until.interrupted.borrow() {
            let rest = end.duration_since(Instant::now()).min(TICK);
            let interrupted = &mut self.until.interrupted;
            // An interruption ends the wait; so does a sender of it that is gone.
            let _ = timeout(rest, interrupted.changed()).await;
            let accepted = before + crowd.ledger.lock().accepted;
            let (kills, end) = (self.counts.kills.all(), self.until.end);
            self.progress.update(|| {
                let left = end.saturating_duration_since(Instant::now()).as_secs();
                format!(
                    "{kills} kills, {} messages accepted, nothing lost, {}:{:02} left",
                    HumanCount(accepted),
                    left / 60,
                    left % 60
                )
            });
            if process.status().is_some() {
                return false;
            }
        }
        true
    }

    /// Kills the server: under load, or while it stops; then perhaps one that starts.
    async fn kill(&mut self, site: &Site, mut process: Process) -> Result<(), Failure> {
        let kills = &mut self.counts.kills;
        if cfg!(unix) && rand::rng().random_bool(STOPPING_SHARE) {
            process.stop();
            sleep(rand::rng().random_range(Duration::ZERO..STARTING_LIFE_MAX)).await;
            kills.while_stopping += 1;
        } else {
            kills.under_load += 1;
        }
        process.kill();
        while rand::rng().random_bool(STARTING_SHARE) {
            let mut process = site.spawn()?;
            sleep(rand::rng().random_range(Duration::ZERO..STARTING_LIFE_MAX)).await;
            process.kill();
            kills.while_starting += 1;
        }
        Ok(())
    }

    /// Checks everything once more, by the clients and by the doctor.
    async fn finish(
        &mut self,
        site: &Site,
        mut crowd: Crowd,
        mut process: Process,
    ) -> Result<(), Failure> {
        self.progress.update(|| "checking everything".to_owned());
        crowd.settle(Extent::All, &mut self.problems).await?;
        crowd.leave().await;
        process.stop();
        let status = if cfg!(unix) {
            process.ended().await
        } else {
            None
        };
        process.kill();
        match status {
            Some(status) if !status.success() => {
                let said = site.last_error();
                let what = format!("the server ends with {status} when it is stopped: {said}");
                self.problems.add_other(what);
            }
            None if cfg!(unix) => self
                .problems
                .add_other("the server does not stop".to_owned()),
            _ => {}
        }
        if let Some(said) = site.doctor().await? {
            self.problems.add_other(format!("the doctor says: {said}"));
        }
        Ok(())
    }
}

/// A server that ends by itself did not lose anything, but its storage or the server failed.
fn explain_end(site: &Site, process: &mut Process) -> Failure {
    let status = process.status();
    let said = site.last_error();
    let exit = match status.and_then(|status| status.code()) {
        Some(code) if code == i32::from(Exit::StorageFailed.code()) => Exit::StorageFailed,
        _ => Exit::Failed,
    };
    let said = said.trim_start_matches("error: ");
    let headline = format!("the server ended by itself: {said}");
    Failure::new(exit, headline)
        .hint("check the disk; with --keep, the log of the server stays in the folder")
}
