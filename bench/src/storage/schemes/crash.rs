//! Losses when the process is killed between storing and pushing. The victim is a child process of
//! this binary; it reports its batches, and waits at that point to be killed.

use std::io::{self, Read, Write};

use cairn_proto::text::Text;
use clap::Args;

use super::scheme::{Scheme, Sent, Store};
use crate::child::Child;
use crate::error::{BenchError, Result};

const VICTIM: &str = "schemes-victim";

#[derive(Clone, Debug, Args)]
pub struct VictimArgs {
    #[command(flatten)]
    pub(super) store: Store,

    /// Messages that it stores and pushes, and then stores only
    #[arg(long, value_name = "N")]
    pub(super) messages: usize,
}

/// Runs the victim: stores and pushes a batch, which the online members ack; stores another one,
/// and waits to be killed before the push, or until `killer` ends because the parent is gone.
pub fn live(
    VictimArgs { store, messages }: &VictimArgs,
    output: &mut impl Write,
    killer: &mut impl Read,
) -> Result<()> {
    store.create()?;
    let mut scheme = store.open()?;
    let text = |number| Text::new(format!("message {number}"));
    let texts = (0..2 * messages).map(text);
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let (pushed, stored) = texts.split_at(*messages);
    let sent = store_batch(scheme.as_mut(), pushed, output)?;
    // A push happens in memory only; the online members ack it.
    for member in store.group.online() {
        scheme.ack(member, sent.last)?;
    }
    store_batch(scheme.as_mut(), stored, output)?;
    let waited = killer.read_to_end(&mut Vec::new());
    waited.map_err(cannot_start())?;
    scheme.close().map(drop)
}

fn store_batch(scheme: &mut dyn Scheme, texts: &[Text], output: &mut impl Write) -> Result<Sent> {
    let mut sent = Sent::default();
    sent.send_batch(scheme, texts, || false)?;
    let line = serde_json::to_string(&sent).map_err(io::Error::from);
    let said = line.and_then(|line| writeln!(output, "{line}"));
    said.and_then(|()| output.flush()).map_err(cannot_start())?;
    Ok(sent)
}

fn cannot_start() -> impl FnOnce(io::Error) -> BenchError {
    BenchError::io("cannot start the process that is to be killed")
}

/// Starts a victim, and kills it between storing and pushing. Returns the batch that was pushed,
/// and the one that was only stored.
pub(super) fn crash(store: &Store, messages: usize) -> Result<[Sent; 2]> {
    let group = store.group;
    let numbers = [group.size as usize, group.online_percent.into(), messages];
    let [members, online, messages] = numbers.map(|number| number.to_string());
    let (scheme, dir) = (store.kind.name(), store.dir.to_string_lossy());
    let args = [
        ["bench", VICTIM],
        ["--scheme", &scheme],
        ["--dir", &dir],
        ["--members", &members],
        ["--online", &online],
        ["--messages", &messages],
    ];
    let batches = || {
        let mut victim = Child::start(args.as_flattened())?;
        let batches = [victim.read()?, victim.read()?];
        victim.kill().map(|()| batches)
    };
    batches().map_err(cannot_start())
}

/// Lets every member pull, and counts the messages that were neither pushed nor found.
pub(super) fn lost(store: &Store, pushed: Sent, stored: Sent) -> Result<u64> {
    let mut scheme = store.open()?;
    let online = store.group.online().map(|member| (member, pushed.last));
    let offline = store.group.offline().map(|member| (member, pushed.after));
    let mut lost = 0;
    for (member, received) in online.chain(offline) {
        let found = scheme.pull_all(member, received)?.len() as u64;
        lost += stored.last.above(received).saturating_sub(found);
    }
    scheme.close()?;
    Ok(lost)
}
