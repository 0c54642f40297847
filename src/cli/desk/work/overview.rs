//! `cairn desk`: what an agent has to do, now or as it changes.

use std::fmt;
use std::time::Duration;

use cairn_client::{Client, Event, Events, Update};
use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::{
    AgentInfo, DeskUpdate, InquiryInfo, MyDesk, Offer, OfferEnd, QueueCounts,
};
use cairn_proto::model::presence::DeviceKind;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use super::super::args::Queues;
use super::super::view::{InquiryRow, users_of};
use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::progress::Progress;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::{self, Span};

/// How often the countdown of an offer is shown.
const TICK: Duration = Duration::from_millis(500);

/// What happened. The fields match its JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Seen {
    Agent {
        agent: String,
        duty: &'static str,
        present: bool,
        load: u32,
        capacity: u16,
        missed: u32,
    },
    Offer(Box<InquiryRow>),
    Held(Box<InquiryRow>),
    Changed(Box<InquiryRow>),
    OfferGone {
        inquiry: ConversationId,
        why: OfferEnd,
    },
    Duty {
        duty: &'static str,
        forced: bool,
    },
    Queue {
        queue: String,
        waiting: u32,
        offered: u32,
        held: u32,
        left: u32,
        on_duty: u32,
        ready: u32,
        oldest_waiting_since_ms: Option<u64>,
        open: bool,
    },
    Disconnected {
        reason: String,
    },
    Reconnected,
}

impl Seen {
    fn agent(info: &AgentInfo) -> Self {
        Self::Agent {
            agent: info.user.name.to_string(),
            duty: info.duty.as_str(),
            present: info.present,
            load: info.load,
            capacity: info.config.capacity,
            missed: info.missed,
        }
    }

    fn queue(counts: &QueueCounts, queues: &Queues) -> Self {
        Self::Queue {
            queue: queues.name_of(counts.queue),
            waiting: counts.waiting,
            offered: counts.offered,
            held: counts.held,
            left: counts.left,
            on_duty: counts.on_duty,
            ready: counts.ready,
            oldest_waiting_since_ms: counts.oldest_waiting_since.map(|at| at.get()),
            open: counts.is_open,
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent {
                agent,
                duty,
                present,
                load,
                capacity,
                missed,
            } => {
                let duty = match *duty {
                    "on" => "on duty",
                    "break" => "on a break",
                    _ => "off duty",
                };
                write!(f, "{agent} is {duty}, with {load} of {capacity} inquiries")?;
                if !present {
                    f.write_str(", and not connected: see `cairn desk --follow`")?;
                }
                match missed {
                    0 => Ok(()),
                    missed => write!(f, "; {missed} offers in a row passed"),
                }
            }
            Self::Offer(row) | Self::Held(row) | Self::Changed(row) => row.fmt(f),
            Self::OfferGone { inquiry, why } => {
                let why = match why {
                    OfferEnd::Accepted => "you accepted it",
                    OfferEnd::Refused => "you refused it",
                    OfferEnd::Expired => "its time is over",
                    OfferEnd::Withdrawn => "another agent has it, or it was closed",
                };
                write!(f, "{inquiry:>6}  no longer offered: {why}")
            }
            Self::Duty { duty, forced: true } => {
                write!(
                    f,
                    "your duty is now: {duty}, since you let several offers pass"
                )
            }
            Self::Duty { duty, .. } => write!(f, "your duty is now: {duty}"),
            Self::Queue {
                queue,
                waiting,
                held,
                left,
                on_duty,
                ready,
                oldest_waiting_since_ms,
                open,
                ..
            } => {
                write!(f, "{:24}  {waiting} waiting", Sanitized(queue).to_string())?;
                if let Some(since) = oldest_waiting_since_ms {
                    let now = time::timestamp().get();
                    write!(f, " for up to {}", Span(now.saturating_sub(*since)))?;
                }
                write!(f, ", {held} answered, {ready} of {on_duty} agents ready")?;
                if *left > 0 {
                    let plural = if *left == 1 { "" } else { "s" };
                    write!(f, ", {left} message{plural} left")?;
                }
                f.write_str(if *open { "" } else { ", closed now" })
            }
            Self::Disconnected { reason } => write!(f, "-- disconnected: {}", Sanitized(reason)),
            Self::Reconnected => f.write_str("-- reconnected"),
        }
    }
}

/// The desk as shown last.
struct Shown<'a> {
    client: &'a Client,
    output: &'a mut Output,
    names: Names,
    queues: Queues,
    counts: Vec<QueueCounts>,
    offers: Vec<Offer>,
    progress: Progress,
}

pub(crate) async fn show(context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let mut shown = Shown::new(client, output);
    shown.everything().await
}

pub(crate) async fn follow(context: &Context<'_>, output: &mut Output) -> Result<(), Failure> {
    let client = context.client(Conduct::Listen).await?;
    let mut events = client.events();
    let me = client.me();
    me.set_presence(DeviceKind::Terminal, false).await?;
    let mut shown = Shown::new(client, output);
    shown.everything().await?;
    shown.follow(&mut events).await
}

impl<'a> Shown<'a> {
    fn new(client: &'a Client, output: &'a mut Output) -> Self {
        let progress = output.progress();
        Self {
            client,
            output,
            names: Names::default(),
            queues: Queues(Vec::new()),
            counts: Vec::new(),
            offers: Vec::new(),
            progress,
        }
    }

    async fn everything(&mut self) -> Result<(), Failure> {
        let MyDesk {
            agent,
            offers,
            held,
            queues,
            ..
        } = self.client.desk().mine().await?;
        self.counts = queues.iter().map(|queue| queue.counts).collect();
        self.queues = Queues(queues);
        self.output.print(&Seen::agent(&agent))?;
        for offer in &offers {
            self.offered(offer).await?;
        }
        self.offers = offers;
        for info in &held {
            let row = self.row(info).await?;
            self.output.print(&Seen::Held(row))?;
        }
        for counts in &self.counts {
            self.output.print(&Seen::queue(counts, &self.queues))?;
        }
        Ok(())
    }

    async fn row(&mut self, info: &InquiryInfo) -> Result<Box<InquiryRow>, Failure> {
        let users: Vec<_> = users_of(info).collect();
        self.names.learn_users(self.client, &users).await?;
        Ok(Box::new(InquiryRow::new(info, &self.queues, &self.names)))
    }

    async fn offered(&mut self, offer: &Offer) -> Result<(), Failure> {
        let users: Vec<_> = users_of(&offer.info).collect();
        self.names.learn_users(self.client, &users).await?;
        let row = InquiryRow::of_offer(offer, &self.queues, &self.names);
        self.output.print(&Seen::Offer(Box::new(row)))
    }

    /// Prints each event until the client closes, and counts offers down.
    async fn follow(&mut self, events: &mut Events) -> Result<(), Failure> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let woken = async {
                tokio::select! {
                    event = events.next() => Some(event),
                    _ = ticks.tick() => None,
                }
            };
            match self.output.flush_while_waiting(woken, || {}).await? {
                None => self.count_down(),
                Some(Some(event)) => self.event(event).await?,
                // The client has closed: any request returns the reason.
                Some(None) => return Ok(self.client.desk().mine().await.map(drop)?),
            }
        }
    }

    fn count_down(&mut self) {
        let now = time::timestamp().get();
        let until = |offer: &Offer| match offer.info.state {
            cairn_proto::model::desk::InquiryState::Offered { until, .. } => until.get(),
            _ => 0,
        };
        self.offers.retain(|offer| until(offer) > now);
        let Some(first) = self.offers.iter().min_by_key(|offer| until(offer)) else {
            return self.progress.update(String::new);
        };
        let (inquiry, left) = (first.info.conversation, until(first) - now);
        let line = Sanitized(first.first.as_str()).to_string();
        self.progress
            .update(|| format!("{}  cairn desk accept {inquiry}  \"{line}\"", Span(left)));
    }

    async fn event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Update(Update::Desk(update)) => self.update(update).await,
            Event::Disconnected { reason } => self.output.print(&Seen::Disconnected { reason }),
            Event::Reconnected => {
                self.output.print(&Seen::Reconnected)?;
                self.everything().await
            }
            Event::Lagged(_) => self.everything().await,
            _ => Ok(()),
        }
    }

    async fn update(&mut self, update: DeskUpdate) -> Result<(), Failure> {
        match update {
            DeskUpdate::Offer(offer) => {
                if self.output.is_watched() && !self.output.is_json() {
                    // Rings the bell of the terminal.
                    self.output.note("\u{7}a visitor asks:");
                }
                self.offered(&offer).await?;
                let id = offer.info.conversation;
                self.offers.retain(|known| known.info.conversation != id);
                self.offers.push(*offer);
                Ok(())
            }
            DeskUpdate::OfferGone { conversation, why } => {
                self.offers
                    .retain(|known| known.info.conversation != conversation);
                self.output.print(&Seen::OfferGone {
                    inquiry: conversation,
                    why,
                })
            }
            DeskUpdate::Duty { duty, is_forced } => self.output.print(&Seen::Duty {
                duty: duty.as_str(),
                forced: is_forced,
            }),
            DeskUpdate::Inquiry(info) => {
                let row = self.row(&info).await?;
                self.output.print(&Seen::Changed(row))
            }
            DeskUpdate::Counts(all) => {
                for counts in all {
                    if !self.counts.contains(&counts) {
                        self.counts.retain(|known| known.queue != counts.queue);
                        self.counts.push(counts);
                        self.output.print(&Seen::queue(&counts, &self.queues))?;
                    }
                }
                Ok(())
            }
            DeskUpdate::Agent(Some(_)) => self.everything().await,
            DeskUpdate::Agent(None) => {
                let headline = "you are no longer an agent";
                Err(Failure::new(crate::cli::failure::Exit::Failed, headline))
            }
        }
    }
}
