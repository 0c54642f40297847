//! `send`: messages accepted per second, and the time until each is durable.

use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use clap::Args;
use serde::Serialize;

use super::fanout::{self, Stall};
use super::target::{Target, TargetArgs};
use super::traffic::Extent;
use crate::args::{SKEW, body_bytes, number, whole};
use crate::error::Result;
use crate::results::Report;
use crate::watcher::Watcher;

#[derive(Clone, Debug, Args, Serialize)]
pub struct Settings {
    /// Clients that send: each a user, a device and a connection of its own
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = whole::<u16>(1..=10_000))]
    clients: u16,

    /// Unanswered sends per client at most
    #[arg(long, value_name = "N", default_value_t = 128,
        value_parser = whole::<usize>(1..=SENDS_IN_FLIGHT_MAX as u64))]
    inflight: usize,

    /// Bytes of each message's text
    #[arg(long, value_name = "BYTES", default_value_t = 200, value_parser = body_bytes())]
    body: usize,

    /// Groups that the messages go to; every client is a member of all
    #[arg(long, value_name = "N", default_value_t = 1_000,
        value_parser = whole::<usize>(1..=100_000))]
    conversations: usize,

    /// How much busier some groups are than others: the n-th has a share of 1 / n^S; 0 makes all
    /// equal
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = number(SKEW))]
    skew: f64,

    /// Send at this total rate, and count each latency from when its send was due, so that delays
    /// of a stalled server count [default: as fast as answers arrive]
    #[arg(long, value_name = "PER-SECOND", value_parser = whole::<u32>(1..))]
    rate: Option<u32>,

    #[command(flatten)]
    #[serde(flatten)]
    extent: Extent,

    #[command(flatten)]
    #[serde(flatten)]
    target: TargetArgs,
}

/// Runs the benchmark. An interrupted run reports what it measured, if anything.
pub async fn run(settings: Settings, watcher: &Watcher) -> Result<Report> {
    let load = fanout::Settings {
        receivers: 0,
        senders: settings.clients,
        conversations: settings.conversations,
        skew: settings.skew,
        body: settings.body,
        inflight: settings.inflight,
        rate: settings.rate,
        stall: Stall::default(),
        extent: settings.extent,
        target: settings.target.clone(),
    };
    let measure = async |_: &Settings, target: &mut Target| fanout::measure(&load, target).await;
    Target::run("send", &settings, &load.target, watcher, measure).await
}
