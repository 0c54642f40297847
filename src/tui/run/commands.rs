//! Runs commands of the command line on the open client.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cairn_client::Client;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, spawn_local};

use crate::cli::{self, Context, Format, Input, Output};
use crate::tui::app::msg::Msg;

/// The commands that run.
#[derive(Debug)]
pub(super) struct Runs {
    running: HashMap<u64, AbortHandle>,
    /// The folder of the profile.
    folder: PathBuf,
}

impl Runs {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            running: HashMap::new(),
            folder,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a command. It answers with [`Msg::Output`].
    pub(super) fn start(
        &mut self,
        run: u64,
        words: Vec<String>,
        client: Client,
        sender: UnboundedSender<Msg>,
    ) {
        self.running.retain(|_, running| !running.is_finished());
        let task = spawn_local(async move {
            let (text, is_failed) = output(words, &client).await;
            let _ = sender.send(Msg::Output {
                run,
                text,
                is_failed,
            });
        });
        self.running.insert(run, task.abort_handle());
    }

    pub(super) fn cancel(&mut self, run: u64) {
        if let Some(running) = self.running.remove(&run) {
            running.abort();
        }
    }
}

/// Runs a command, and returns its output and whether it failed.
pub(super) async fn output(words: Vec<String>, client: &Client) -> (String, bool) {
    let (server, _) = client.server();
    let context = Context::of_client(client, server, Input::Memory(Vec::new()));
    let mut output = Output::memory(Format::People);
    let result = cli::run(words, &context, &mut output).await;
    let is_failed = result.is_err();
    if let Err(failure) = result {
        output.report(&failure);
    }
    let (results, notes) = (output.take_results(), output.take_notes());
    match is_failed {
        true => (format!("{notes}{results}"), true),
        false => (format!("{results}{notes}"), false),
    }
}
