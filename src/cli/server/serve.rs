//! `cairn serve`

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

use cairn_proto::invite::ServerAddr;
use clap::Args;
use serde::Serialize;
use tokio::sync::Notify;
use tracing::info;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::cli::failure::{Exit, Failure};
use crate::cli::limits;
use crate::cli::output::{Format, Output};
use crate::cli::server::open_files;
use cairn_core::state::settings::values::Bytes;
use cairn_server::run::{self, Options, Ready};
use cairn_server::supervision::watchdog::Stalled;

/// Run a server
///
/// Its first start creates its identity and prints an invite link; the first user who joins with it
/// owns the server. There is nothing else to install or set up. Ctrl-C and SIGTERM stop it
/// gracefully; a second Ctrl-C ends it at once, which loses no accepted message either.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn serve --data ./cairn-data
  cairn serve --data /srv/cairn --advertise chat.example.org:7766
  cairn serve --data ./try --listen 127.0.0.1:0 --ready-file \"$XDG_RUNTIME_DIR/try.json\"

READY FILE, which only its owner can read: the invite makes its first user the owner of the server
  {\"listening\":\"127.0.0.1:41234\",\"invite\":\"cairn://…\"}    invite is null when the server \
     has an owner")]
pub(crate) struct ServeArgs {
    /// The data directory, created if missing; one server for each directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// The UDP address to listen on; port 0 picks a free one
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "[::]:7766",
        value_parser = parse_listen,
    )]
    listen: SocketAddr,

    /// The address in invite links, if clients reach the server under another one
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<ServerAddr>,

    /// Disk space that files leave free for messages; messages leave a quarter of it [default:
    /// 2GiB, or a quarter of a smaller disk]
    #[arg(long, value_name = "BYTES")]
    disk_reserve: Option<Bytes>,

    /// Write a small JSON file once the server accepts connections; name one in a private folder
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,

    /// The log on standard error: error, warn, info, debug, trace, or a filter such as
    /// cairn_server=debug
    #[arg(
        long,
        value_name = "LEVEL",
        env = "RUST_LOG",
        default_value = "info",
        value_parser = parse_log,
    )]
    pub(crate) log: EnvFilter,
}

/// Unlike clap's default conversion, this one rejects invalid filters.
fn parse_log(raw: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::try_new(raw)
}

/// What a server prints once it accepts connections. Scripts rely on these two fields.
#[derive(Debug, Serialize)]
struct Started {
    listening: SocketAddr,
    invite: Option<String>,
}

impl From<&Ready> for Started {
    fn from(ready: &Ready) -> Self {
        Self {
            listening: ready.listening,
            invite: ready.invite.as_ref().map(ToString::to_string),
        }
    }
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cairn listens on {}", self.listening)?;
        match &self.invite {
            None => Ok(()),
            Some(link) => write!(
                f,
                "\n\nThis server has no owner yet. The first user who joins with this link owns \
                    it:\n\n  cairn join '{link}' --name YOUR-NAME\n"
            ),
        }
    }
}

/// Parses an address, or a host name and a port: the first address of the host, IPv4 if it has
/// both.
fn parse_listen(raw: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = raw.parse() {
        return Ok(address);
    }
    const FORM: &str = "an address is HOST:PORT, such as [::]:7766, 192.0.2.7:7766 or localhost:0";
    let (host, port) = raw.rsplit_once(':').ok_or(FORM)?;
    let port: u16 = port.parse().map_err(|_| FORM)?;
    if host.is_empty() {
        return Err(FORM.to_owned());
    }
    let found = (host, port).to_socket_addrs();
    let found: Vec<_> = found
        .map_err(|error| format!("the host {host} is not known: {error}"))?
        .collect();
    let first = found.iter().find(|address| address.is_ipv4());
    first
        .or(found.first())
        .copied()
        .ok_or_else(|| format!("the host {host} has no address"))
}

/// Runs until `stop` is ready, or the announcement cannot be written.
pub(crate) fn run(
    args: ServeArgs,
    output: &mut Output,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let ServeArgs {
        data,
        listen,
        advertise,
        disk_reserve,
        ready_file,
        log: _, // set up by the process
    } = args;
    open_files::check(limits::SERVER_FILES_MIN)?;
    if let Some(path) = &ready_file {
        remove_old(path)?;
    }
    let options = Options {
        data,
        listen,
        advertise,
        disk_reserve_bytes: disk_reserve.map(Bytes::get),
    };
    // If the server cannot be announced, it stops.
    let (announced, give_up) = (RefCell::new(None), Notify::new());
    let ready = |ready: &Ready| {
        let result = announce(&Started::from(ready), ready_file.as_deref(), output);
        if result.is_err() {
            give_up.notify_one();
        }
        *announced.borrow_mut() = Some(result);
    };
    let stop = async {
        tokio::select! {
            () = stop => {}
            () = give_up.notified() => {}
        }
    };
    let result = run::run(&options, ready, stop, end_stalled);
    let announced = announced.into_inner();
    let was_ready = announced.is_some();
    result.map_err(|error| Failure::of_server(&error, was_ready))?;
    info!("stopped");
    announced.unwrap_or(Ok(()))
}

/// Ends the process from the watchdog's thread, since the main thread may be the one that stands
/// still.
#[allow(clippy::exit, reason = "a thread that stands still cannot be joined")]
fn end_stalled(stalled: Stalled) {
    let failure = Failure::of_stalled(&stalled);
    Output::process(Format::People).report(&failure);
    std::process::exit(failure.exit().code().into());
}

fn announce(
    started: &Started,
    ready_file: Option<&Path>,
    output: &mut Output,
) -> Result<(), Failure> {
    // The reader of standard output may be gone by now; the server continues.
    match output.print(started).and_then(|()| output.flush()) {
        Ok(()) | Err(Failure::BrokenPipe) => {}
        Err(failure) => return Err(failure),
    }
    ready_file.map_or(Ok(()), |path| {
        write_whole(path, started).map_err(|error| {
            Failure::caused(
                Exit::Failed,
                format!("cannot write the ready file {}", path.display()),
                &error,
            )
        })
    })
}

/// Removes the ready file of an earlier start, which would announce this one too early.
fn remove_old(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::caused(
            Exit::Failed,
            format!("cannot remove the old ready file {}", path.display()),
            &error,
        )),
        _ => Ok(()),
    }
}

/// Writes the file so that readers see all of it or none, and no other user sees any of it.
fn write_whole(path: &Path, started: &Started) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    // In a shared folder, the name may be another user's link by now.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    serde_json::to_writer(&mut file, started)?;
    file.write_all(b"\n")?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_addresses_are_listened_on() {
        assert_eq!(parse_listen("[::]:7766"), Ok("[::]:7766".parse().unwrap()));
        let local = parse_listen("localhost:0").unwrap();
        assert!(local.ip().is_loopback() && local.port() == 0);
        for bad in [
            "localhost",
            ":7766",
            "7766",
            "localhost:http",
            "localhost:70000",
            "",
        ] {
            let error = parse_listen(bad).unwrap_err();
            assert!(error.contains("such as [::]:7766"), "{bad}: {error}");
        }
    }

    #[test]
    fn ready_file_has_two_fields() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ready.json");
        let mut started = Started {
            listening: "127.0.0.1:7766".parse().unwrap(),
            invite: Some("cairn://h:1/#p.t".to_owned()),
        };
        write_whole(&path, &started).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "{\"listening\":\"127.0.0.1:7766\",\"invite\":\"cairn://h:1/#p.t\"}\n"
        );
        started.invite = None;
        write_whole(&path, &started).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "{\"listening\":\"127.0.0.1:7766\",\"invite\":null}\n"
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn invalid_log_levels_are_refused() {
        assert!(parse_log("info").is_ok());
        assert!(parse_log("warn,cairn_server=debug").is_ok());
        assert!(parse_log("a=b=c").is_err());
    }

    #[test]
    fn old_ready_file_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ready.json");
        remove_old(&path).unwrap();
        fs::write(&path, "old").unwrap();
        remove_old(&path).unwrap();
        assert!(!path.exists());
    }
}
