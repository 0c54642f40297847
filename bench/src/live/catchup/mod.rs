//! `catchup`: devices reconnect at once after an absence, and get everything that they missed.

pub(crate) mod device;

use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use clap::Args;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::device::{Arrivals, Away};
use super::target::{Stop, Target, TargetArgs, clients_and_users, higher};
use super::traffic::{Anomalies, Filler, Texts, fill, points, ramp};
use crate::args::{body_bytes, whole};
use crate::error::Result;
use crate::limits;
use crate::results::{Report, Results, Scale, Series, Unit, grouped, list};
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Devices that were offline, each with a user of its own
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = whole::<usize>(1..=19_000))]
    connections: usize,

    /// Groups that each device is in
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole::<usize>(1..=1_000))]
    conversations: usize,

    /// Approximate devices per group: the more share one, the fewer groups there are, and the fewer
    /// messages to store
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = whole::<usize>(1..=19_000))]
    members: usize,

    /// Messages that each device has missed in all, spread evenly over its groups
    #[arg(long, value_name = "N", default_value_t = 10_000,
        value_parser = whole::<u64>(1..=10_000_000))]
    messages: u64,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

impl Settings {
    fn missed_in_each(&self) -> u64 {
        self.messages.div_ceil(self.conversations as u64)
    }
}

/// Returns the groups of each device, and the number of groups: every device is in equally many
/// groups, and every group has about equally many devices. A device that would need more groups
/// than there are is in all of them.
pub(super) fn layout(
    devices: usize,
    groups_each: usize,
    members: usize,
) -> (Vec<Vec<usize>>, usize) {
    let groups = (devices * groups_each).div_ceil(members).max(groups_each);
    // These are distinct while a device is in no more groups than there are.
    let turns = |device| device * groups_each..(device + 1) * groups_each;
    let own = |device| turns(device).map(|turn| turn % groups).collect();
    ((0..devices).map(own).collect(), groups)
}

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    Target::run("catchup", &settings, &settings.target, watcher, measure).await
}

async fn measure(settings: &Settings, target: &mut Target) -> Result<Results> {
    let watcher = target.watcher.clone();
    let away = watcher.unless_asked(prepare(settings, target)).await?;
    let missed = settings.missed_in_each();
    let (mib_before, cpu, began) = (target.server_mib(), target.cpu(), Instant::now());
    let arrivals = Arc::new(Mutex::new(Arrivals::default()));
    let come_back = |away: &Away| away.clone().come_back(missed, began, Arc::clone(&arrivals));
    let mut returning = away.iter().map(come_back).collect();
    let watching = watch(&mut returning, &arrivals, &watcher);
    let (back, peak) = target.with_peak(watching).await;
    let back = back?;
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), target.cpu().since(cpu));
    let is_complete = !watcher.is_asked();
    // Acks are in flight, and the server is releasing the state of the pulls.
    sleep(limits::IDLE_REST).await;
    let mib_after = target.server_mib();
    drop((back, returning));
    let arrivals = arrivals.lock();
    let (mut results, rate) = (Results::default(), |count: u64| count as f64 / seconds);
    results.counted_s = Some(seconds);
    results.json("seconds", seconds);
    results.json("deliveries", arrivals.messages);
    list! { results;
        "level_s": arrivals.level_times(), Unit::SECONDS,
            "level" => "from when all set out until a device has everything it missed";
        "devices_level": arrivals.level_after.len(), Unit::COUNT,
            "devices level" => "devices that have everything";
        "deliveries_per_s": rate(arrivals.messages), Unit::PER_S,
            "deliveries" => "missed messages that devices got";
        "bytes_per_s": rate(arrivals.bytes), Unit::new(0, " B/s"),
            "payload" => "the same in bytes, as they are stored and sent";
        "failed_logins": arrivals.failed_logins, Unit::COUNT,
            "failed logins" => "attempts that were not answered in time, and were repeated";
    }
    let anomalies = away.iter().map(|away| away.check(missed)).sum();
    Anomalies::list(Some(anomalies), is_complete, &mut results);
    list! { results;
        "server_mib_before": mib_before, Unit::MIB,
            "memory before" => "of the server, when no device is connected";
        "server_mib_max": higher(peak, mib_after), Unit::MIB,
            "memory at most" => "while the devices come back";
        "server_mib_after": mib_after, Unit::MIB,
            "memory after" => "when all are level, connected and quiet";
    }
    let cost = "processor time for a million deliveries, logins included";
    cpu.list(arrivals.messages, &mut results, cost);
    let ramp = ramp(&arrivals.level_after);
    results.json("level_climb", &ramp);
    let meaning = "A steep line means that all wait alike; a long tail, that a few wait for long.";
    let x = Scale::Linear.axis("seconds since all set out");
    let y = Scale::Linear.axis("devices that have everything");
    let series = vec![Series::new("devices", points(&ramp))];
    results.plot(("Devices that are level", meaning), x, y, series);
    Ok(results)
}

async fn prepare(settings: &Settings, target: &mut Target) -> Result<Vec<Away>> {
    let count = settings.connections;
    let (layout, groups) = layout(count, settings.conversations, settings.members);
    let filler_count = limits::FILLERS.min(groups);
    let fillers = target.join("filler", filler_count, None, false).await?;
    let (fillers, filling) = clients_and_users(fillers);
    let devices = target.join("device", count, None, false).await?;
    let mut members = vec![filling; groups];
    for (own, (_, account)) in layout.iter().zip(&devices) {
        for &group in own {
            members[group].push(account.user);
        }
    }
    let groups = target.groups(members.into_iter()).await?;

    let filled = |&group: &usize| (groups[group], (group % filler_count) as u16);
    let leave = |(at, device): (usize, _)| {
        let conversations = layout[at].iter().map(filled).collect();
        Away::leave(device, target.options(at, true), conversations)
    };
    let (watcher, leaving) = (&target.watcher, devices.into_iter().enumerate().map(leave));
    let gathered = watcher.gather(limits::AT_ONCE, "devices have gone", leaving);
    let away = gathered.await?;
    let filler = |(number, client): (usize, &Client)| {
        let own = groups.iter().skip(number).step_by(filler_count);
        Filler {
            client: client.clone(),
            number: number as u16,
            conversations: own.copied().collect(),
        }
    };
    let at_work = fillers.iter().enumerate().map(filler).collect();
    let texts = Texts::new(settings.body, settings.target.scratch.seed);
    fill(at_work, settings.missed_in_each(), &texts, watcher).await?;
    for client in fillers {
        client.close().await;
    }
    // A restarted server has no messages in memory, as after a long absence.
    target.restart(Stop::Ordered).await?;
    Ok(away)
}

/// Waits until all devices are complete, nothing arrives any more, or the run is to end. Returns
/// the clients, which keeps them connected.
async fn watch(
    returning: &mut JoinSet<Result<Client>>,
    arrivals: &Mutex<Arrivals>,
    watcher: &Watcher,
) -> Result<Vec<Client>> {
    let (mut back, count) = (Vec::new(), returning.len());
    let deadline = || Instant::now() + limits::SETTLE_TIME_MAX;
    let (mut progress, mut until) = (0, deadline());
    while Instant::now() < until {
        tokio::select! {
            biased;
            () = watcher.asked() => break,
            ended = returning.join_next() => match ended {
                Some(ended) => back.push(ended??),
                None => break,
            },
            () = sleep(limits::TICK) => {}
        }
        let now = arrivals.lock().progress();
        let messages = arrivals.lock().messages;
        if now > progress {
            (progress, until) = (now, deadline());
        }
        let (level, messages) = (back.len(), grouped(messages as f64));
        watcher.tell(|| format!("{level} of {count} devices are level, {messages} messages came"));
    }
    Ok(back)
}
