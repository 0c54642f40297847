//! One failure: a server on a copy of the base, of which one call fails; then one that runs without
//! failures on the same directory.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use cairn_client::Account;
use cairn_client::proto::invite::ServerAddr;
use serde::Serialize;
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use super::base::Base;
use super::workload::{self, Done};
use crate::support::folders::copy;
use crate::support::{cairn, signal};

/// The wait after which a server hangs.
const PATIENCE: Duration = Duration::from_secs(60);

const DATA_UNUSABLE: i32 = 4;
const STORAGE_FAILED: i32 = 5;

/// Calls of the system that may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    Sync,
    Write,
    Rename,
    Truncate,
    Open,
    Read,
    Remove,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Errno {
    Eio = 5,
    Emfile = 24,
    Enospc = 28,
}

/// Which call fails, and how. With `at` 0, none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    pub(super) class: Class,
    pub(super) at: u64,
    pub(super) errno: Errno,
    /// All later calls of the class fail as well.
    pub(super) goes_on: bool,
}

/// What the server was doing at the first failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Phase {
    Start,
    Serving,
    Stopping,
    /// No call failed.
    None,
}

#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    #[serde(rename = "call")]
    injected: Fault,
    pub(super) phase: Phase,
    /// Calls of the class, and how many of them failed.
    pub(super) calls: u64,
    pub(super) failed: u64,
    /// `None` after a signal.
    pub(super) exit: Option<i32>,
    accepted: usize,
    /// What is wrong with the server.
    pub(super) fault: Option<String>,
    /// The error with which it ended, and what to do about it.
    said: String,
    hint: String,
}

impl Outcome {
    pub(super) fn says_that_the_disk_is_full(&self) -> bool {
        self.hint.contains("the disk is full")
    }
}

impl Class {
    pub(super) const ALL: [Self; 7] = [
        Self::Sync,
        Self::Write,
        Self::Rename,
        Self::Truncate,
        Self::Open,
        Self::Read,
        Self::Remove,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Write => "write",
            Self::Rename => "rename",
            Self::Truncate => "truncate",
            Self::Open => "open",
            Self::Read => "read",
            Self::Remove => "remove",
        }
    }

    pub(super) const fn errnos(self) -> &'static [Errno] {
        match self {
            Self::Read | Self::Remove => &[Errno::Eio],
            Self::Open => &[Errno::Eio, Errno::Enospc, Errno::Emfile],
            _ => &[Errno::Eio, Errno::Enospc],
        }
    }

    /// The least number of calls in a run: what the steps of the workload take by themselves.
    pub(super) const fn calls_min(self) -> u64 {
        match self {
            // Six waves of sends, each a batch or more, in the log.
            Self::Sync | Self::Write => 12,
            Self::Open | Self::Read => 12,
            Self::Rename | Self::Truncate | Self::Remove => 1,
        }
    }
}

impl Errno {
    const ALL: [Self; 3] = [Self::Eio, Self::Emfile, Self::Enospc];

    const fn name(self) -> &'static str {
        match self {
            Self::Eio => "EIO",
            Self::Emfile => "EMFILE",
            Self::Enospc => "ENOSPC",
        }
    }
}

impl Fault {
    pub(super) const fn none(class: Class) -> Self {
        Self {
            class,
            at: 0,
            errno: Errno::Eio,
            goes_on: false,
        }
    }
}

/// As an order of the script: `sync 7 EIO once`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, errno) = (self.class.name(), self.errno.name());
        let how = if self.goes_on { "on" } else { "once" };
        write!(f, "{class} {} {errno} {how}", self.at)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(order: &str) -> Result<Self, String> {
        let fault = || {
            let mut words = order.split(' ');
            let class = words.next()?;
            let at = words.next()?.parse().ok()?;
            let errno = words.next()?;
            let how = words.next()?;
            Some(Self {
                class: Class::ALL.into_iter().find(|known| known.name() == class)?,
                at,
                errno: Errno::ALL.into_iter().find(|known| known.name() == errno)?,
                goes_on: how == "on",
            })
        };
        fault().ok_or_else(|| format!("there is no such order: {order}"))
    }
}

/// A server that was started, and the log on its standard error.
struct Started {
    process: Process,
    /// Where it listens; `None` if it ended.
    at: Option<ServerAddr>,
}

/// Dropping it kills it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server, and waits until it listens or ends. The error is a fault.
async fn start(
    data: &Path,
    log: &Path,
    configure: impl FnOnce(&mut Command),
) -> Result<Started, String> {
    let mut command = cairn(&[
        "serve",
        "--json",
        "--log",
        "warn",
        "--listen",
        "127.0.0.1:0",
        "--data",
    ]);
    command
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(File::create(log).unwrap());
    configure(&mut command);
    let mut process = Process(command.spawn().unwrap());
    let output = process.0.stdout.take().unwrap();
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line)
    });
    let line = timeout(PATIENCE, line)
        .await
        .map_err(|_| "the server neither listens nor ends")?;
    let line = line.unwrap().unwrap();
    let at = serde_json::from_str::<serde_json::Value>(&line).ok();
    let at = at.map(|ready| ready["listening"].as_str().unwrap().parse().unwrap());
    Ok(Started { process, at })
}

/// Waits for the end of a server. The error is a fault.
async fn end(process: &mut Process) -> Result<Option<i32>, String> {
    let exit = async {
        let mut looks = interval(Duration::from_millis(5));
        loop {
            if let Some(status) = process.0.try_wait().unwrap() {
                return status.code();
            }
            looks.tick().await;
        }
    };
    timeout(PATIENCE, exit)
        .await
        .map_err(|_| "the server does not end".to_owned())
}

/// A directory for one trial.
struct Trial<'a> {
    base: &'a Base,
    dir: TempDir,
}

impl Trial<'_> {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("log")).unwrap()).into_owned()
    }

    /// Calls of the class so far, and how many of them failed.
    fn counts(&self) -> (u64, u64) {
        let bytes = fs::read(self.path("counts")).unwrap();
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        (number(0), number(8))
    }

    fn account(&self, at: &ServerAddr) -> Account {
        Account {
            addr: at.clone(),
            ..self.base.account.clone()
        }
    }

    fn preload(&self, fault: &Fault, command: &mut Command) {
        fs::write(self.path("counts"), [0; 16]).unwrap();
        let dir = format!("{}/", self.path("data").display());
        command
            .env("LD_PRELOAD", &self.base.library)
            .env("CAIRN_FAIL_DIR", dir)
            .env("CAIRN_FAIL_CLASS", fault.class.name())
            .env("CAIRN_FAIL_AT", fault.at.to_string())
            .env("CAIRN_FAIL_ERRNO", (fault.errno as i32).to_string())
            .env("CAIRN_FAIL_COUNTS", self.path("counts"));
        if fault.goes_on {
            command.env("CAIRN_FAIL_ON", "1");
        }
    }

    /// Runs a server in which a call fails. Returns what its client knows, when the failure was,
    /// and the exit code.
    async fn fail(&self, fault: &Fault) -> Result<(Done, Phase, Option<i32>), String> {
        let preload = |command: &mut Command| self.preload(fault, command);
        let mut server = start(&self.path("data"), &self.path("log"), preload).await?;
        let Some(at) = server.at.take() else {
            let exit = end(&mut server.process).await?;
            return Ok((Done::default(), Phase::Start, exit));
        };
        let was_early = self.counts().1 > 0;
        let account = self.account(&at);
        let work = workload::run(self.base, &account, self.dir.path());
        let done = timeout(PATIENCE, work)
            .await
            .map_err(|_| "requests stay unanswered")??;
        let phase = match (was_early, self.counts().1) {
            (true, _) => Phase::Start,
            (false, 0) => Phase::Stopping,
            (false, _) => Phase::Serving,
        };
        if server.process.0.try_wait().unwrap().is_none() {
            signal_if_alive(&server.process.0);
        }
        let exit = end(&mut server.process).await?;
        let phase = if self.counts().1 == 0 {
            Phase::None
        } else {
            phase
        };
        Ok((done, phase, exit))
    }

    /// Starts the server again, and checks what it has.
    async fn recover(&self, done: &Done) -> Result<(), String> {
        let (data, log) = (self.path("data"), self.path("log-again"));
        let mut server = start(&data, &log, |_| {}).await?;
        let Some(at) = server.at.take() else {
            let said = fs::read_to_string(&log).unwrap();
            return Err(format!("the server does not start again: {said}"));
        };
        workload::check(self.base, &self.account(&at), done).await?;
        signal(&server.process.0, "TERM");
        let exit = end(&mut server.process).await?;
        if exit != Some(0) {
            return Err(format!("the server without failures ends with {exit:?}"));
        }
        let doctor = cairn(&["doctor", "--full", "--data"]).arg(&data).output();
        let doctor = doctor.unwrap();
        match doctor.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&doctor.stderr).into_owned()),
        }
    }
}

/// It may end at this moment.
fn signal_if_alive(process: &Child) {
    let id = process.id().to_string();
    let sent = Command::new("kill")
        .args(["-TERM", &id])
        .stderr(Stdio::null())
        .status();
    let _ = sent.unwrap();
}

/// Returns what is wrong with how the server ended.
fn check_end(phase: Phase, exit: Option<i32>, said: &str) -> Result<(), String> {
    // sled panics when its last write or sync fails; that is caught, and explained. A start opens
    // the trees once more, and closes them where it ends for another reason.
    let is_explained = exit == Some(STORAGE_FAILED)
        || said.contains("cannot open the trees; trying again")
        || said.contains("cannot close the trees");
    let is_caught = is_explained && said.contains("/sled-0.34.7/");
    if said.contains("panicked") && !is_caught {
        return Err(format!("a panic: {said}"));
    }
    let is_documented = matches!(
        (phase, exit),
        (_, Some(0))
            | (Phase::Start, Some(DATA_UNUSABLE | STORAGE_FAILED))
            | (Phase::Serving | Phase::Stopping, Some(STORAGE_FAILED))
    );
    // A failure to stop is explained; one that the server survived needs no words.
    match exit {
        _ if !is_documented => Err(format!("it ends with {exit:?}: {said}")),
        Some(0) => Ok(()),
        _ if said.contains("error: ") => Ok(()),
        _ => Err(format!(
            "it ends with {exit:?} and does not say why: {said}"
        )),
    }
}

pub(super) async fn run(base: &Base, injected: Fault) -> Outcome {
    let trial = Trial {
        base,
        dir: tempfile::tempdir().unwrap(),
    };
    copy(&base.data(), &trial.path("data"));
    let ran = trial.fail(&injected).await;
    let (calls, failed) = trial.counts();
    let said = trial.said();
    let (phase, exit) = match &ran {
        Ok((_, phase, exit)) => (*phase, *exit),
        Err(_) => (Phase::None, None),
    };
    let (accepted, fault) = match ran {
        Err(fault) => (0, Some(format!("{fault}: {said}"))),
        Ok((done, ..)) => {
            let checked = match check_end(phase, exit, &said) {
                Ok(()) => trial.recover(&done).await,
                wrong => wrong,
            };
            (done.accepted.len(), checked.err())
        }
    };
    let line = |label: &str| {
        let found = said.lines().rfind(|line| line.starts_with(label));
        found.unwrap_or_default().to_owned()
    };
    Outcome {
        injected,
        phase,
        calls,
        failed,
        exit,
        accepted,
        fault,
        said: line("error: "),
        hint: line("hint: "),
    }
}

/// Runs a trial without a failure, whose client claims that one more message was accepted. Returns
/// what is found.
pub(super) async fn found_after_loss(base: &Base) -> String {
    let trial = Trial {
        base,
        dir: tempfile::tempdir().unwrap(),
    };
    copy(&base.data(), &trial.path("data"));
    let (mut done, ..) = trial.fail(&Fault::none(Class::Sync)).await.unwrap();
    trial.recover(&done).await.unwrap();
    let (last, body) = done.accepted.last_key_value().unwrap();
    let (lost, body) = (last.next(), body.clone());
    done.accepted.insert(lost, body);
    trial.recover(&done).await.unwrap_err()
}
