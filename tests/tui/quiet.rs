//! Without a change, nothing is written.

use std::time::Duration;

use tokio::time::sleep;

use crate::tui::World;
use crate::tui::terminal::has_tmux;

/// How long the client is watched: `CAIRN_QUIET_SECONDS`, or 5 s.
fn time() -> Duration {
    let set = std::env::var("CAIRN_QUIET_SECONDS").ok();
    Duration::from_secs(set.and_then(|set| set.parse().ok()).unwrap_or(5))
}

/// Processor time of a process, in hundredths of a second.
fn ticks(process: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

#[tokio::test]
async fn an_idle_client_writes_nothing() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    world.say("the last word 最后").await;
    let pane = world.start(100, 24);
    pane.shows("the last word").await;
    pane.until("the message counts as read", |_| {
        !pane.title().starts_with('(')
    })
    .await;
    // Marks of reading may follow the message.
    let mut before = pane.bytes_written();
    loop {
        sleep(Duration::from_secs(1)).await;
        let now = pane.bytes_written();
        if now == before {
            break;
        }
        before = now;
    }
    let (process, started) = (pane.process(), std::time::Instant::now());
    let ticks_before = ticks(&process);
    sleep(time()).await;
    assert_eq!(
        pane.bytes_written(),
        before,
        "nothing is written while nothing changes"
    );
    let used = (ticks(&process) - ticks_before) * 10;
    println!(
        "idle for {:?}: 0 bytes, {used} ms of processor time",
        started.elapsed()
    );
    assert!(used <= 20, "{used} ms of processor time");
}
