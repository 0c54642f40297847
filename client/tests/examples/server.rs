//! A server in this process, on real files.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;

use cairn_client::InviteLink;
use cairn_server::run::{Options, Ready, ServeError, run};
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(crate) struct Server {
    dir: TempDir,
    addr: SocketAddr,
    invite: Option<InviteLink>,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut server = Self {
            dir: tempfile::tempdir().unwrap(),
            addr: "127.0.0.1:0".parse().unwrap(),
            invite: None,
            running: None,
        };
        let ready = server.run();
        (server.addr, server.invite) = (ready.listening, ready.invite);
        server
    }

    pub(crate) fn invite(&self) -> &InviteLink {
        self.invite.as_ref().expect("a new server has an invite")
    }

    pub(crate) fn stop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            let _ = stop.send(());
            thread.join().unwrap().unwrap();
        }
    }

    pub(crate) fn restart(&mut self) {
        self.run();
    }

    fn run(&mut self) -> Ready {
        let options = Options {
            data: self.data(),
            listen: self.addr,
            advertise: None,
            disk_reserve_bytes: None,
        };
        let (stop, stopped) = oneshot::channel();
        let (announce, announced) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let ready = move |ready: &Ready| announce.send(ready.clone()).unwrap();
            run(&options, ready, async { drop(stopped.await) }, drop)
        });
        self.running = Some(Running { stop, thread });
        announced.recv().expect("the server does not start")
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}
