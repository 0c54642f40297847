//! The actions of a day: members of conversations, and what each device does when. Everything is
//! generated from the seed in advance, so the same seed repeats the day.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp};

use super::scenario::{Count, PerHour, Phase, Scenario};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) talks: Vec<Talk>,
    pub(crate) phases: Vec<Span>,
    /// The actions of each device, by time. The devices of a user are adjacent.
    pub(crate) actions: Vec<Vec<Action>>,
    /// The ratio of scenario time to the time of the run.
    pub(crate) speed: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Talk {
    pub(crate) kind: Kind,
    pub(crate) people: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SmallGroup,
    LargeGroup,
    DirectChat,
}

/// The begin and end of a phase, since the day began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) begins: Duration,
    pub(crate) ends: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// Since the day began.
    pub(crate) at: Duration,
    pub(crate) what: What,
}

/// A drop lasts until a time since the day began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Send { talk: usize, bytes: usize },
    Scroll { talk: usize },
    Drop { until: Duration },
}

impl Plan {
    pub(crate) fn new(scenario: &Scenario, length: Duration, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let talks = talks(scenario, &mut random);
        let speed = scenario.minutes() as f64 * 60.0 / length.as_secs_f64();
        let phases = phases(scenario, speed);
        let mut draw = Draw {
            scenario,
            phases: &phases,
            speed,
            random: &mut random,
        };
        let people = own_talks(scenario, &talks);
        let actions = people.iter().flat_map(|own| draw.person(own)).collect();
        Self {
            talks,
            phases,
            actions,
            speed,
        }
    }

    /// When each device acts, by time.
    pub(crate) fn turns(&self) -> Vec<(Duration, usize)> {
        let mut turns = Vec::new();
        for (device, actions) in self.actions.iter().enumerate() {
            turns.extend(actions.iter().map(|action| (action.at, device)));
        }
        turns.sort_unstable();
        turns
    }
}

fn talks(scenario: &Scenario, random: &mut StdRng) -> Vec<Talk> {
    let everyone: Vec<usize> = (0..scenario.people.get()).collect();
    let mut talks = Vec::new();
    for (kind, groups) in [
        (Kind::SmallGroup, &scenario.small_groups),
        (Kind::LargeGroup, &scenario.large_groups),
    ] {
        talks.extend((0..groups.count.get()).map(|_| {
            let [least, most] = groups.members.map(Count::get);
            let size = random.random_range(least..=most);
            let people = everyone.sample(random, size).copied().collect();
            Talk { kind, people }
        }));
    }
    let others = |&a: &usize| (a + 1..everyone.len()).map(move |b| vec![a, b]);
    let mut pairs: Vec<_> = everyone.iter().flat_map(others).collect();
    let (chosen, _) = pairs.partial_shuffle(random, scenario.direct_chats.count.get());
    let kind = Kind::DirectChat;
    talks.extend(chosen.iter().cloned().map(|people| Talk { kind, people }));
    talks
}

fn phases(scenario: &Scenario, speed: f64) -> Vec<Span> {
    let at = |minutes: usize| Duration::from_secs_f64(minutes as f64 * 60.0 / speed);
    let mut minutes = 0;
    let span = |phase: &Phase| {
        let begins = at(minutes);
        minutes += phase.minutes.get();
        let (name, ends) = (phase.name.clone(), at(minutes));
        Span { name, begins, ends }
    };
    scenario.phases.iter().map(span).collect()
}

/// The conversations of a user, by kind, with the share of each kind.
type OwnTalks = [(Vec<usize>, f64); 3];

fn own_talks(scenario: &Scenario, talks: &[Talk]) -> Vec<OwnTalks> {
    let groups = [&scenario.small_groups, &scenario.large_groups].map(|groups| groups.share);
    let shares = [groups[0], groups[1], scenario.direct_chats.share];
    let own = shares.map(|share| (Vec::new(), share.get() as f64));
    let mut all = vec![own; scenario.people.get()];
    for (at, talk) in talks.iter().enumerate() {
        for &person in &talk.people {
            all[person][talk.kind as usize].0.push(at);
        }
    }
    all
}

struct Draw<'a> {
    scenario: &'a Scenario,
    phases: &'a [Span],
    speed: f64,
    random: &'a mut StdRng,
}

impl Draw<'_> {
    fn person(&mut self, own: &OwnTalks) -> Vec<Vec<Action>> {
        let devices = 0..self.scenario.devices_each.get();
        let mut devices: Vec<Vec<Action>> = devices.map(|_| self.drops()).collect();
        let mut others = Vec::new();
        for at in self.times(|phase| phase.messages_per_hour) {
            if let Some(talk) = self.talk(own) {
                let bytes = self.bytes();
                let what = What::Send { talk, bytes };
                others.extend(self.assign(Action { at, what }, &devices));
            }
        }
        for at in self.times(|phase| phase.scrolls_per_hour) {
            if let Some(talk) = self.talk(own) {
                let what = What::Scroll { talk };
                others.extend(self.assign(Action { at, what }, &devices));
            }
        }
        for (device, action) in others {
            devices[device].push(action);
        }
        for actions in &mut devices {
            actions.sort_by_key(|action| action.at);
        }
        devices
    }

    fn talk(&mut self, own: &OwnTalks) -> Option<usize> {
        let share = |own: &(Vec<usize>, f64)| if own.0.is_empty() { 0.0 } else { own.1 };
        let (talks, _) = own.choose_weighted(self.random, share).ok()?;
        talks.choose(self.random).copied()
    }

    /// Assigns an action to a connected device, or to none when all devices of the user are away.
    fn assign(&mut self, action: Action, drops: &[Vec<Action>]) -> Option<(usize, Action)> {
        let is_away = |drop: &Action| {
            let until = matches!(drop.what, What::Drop { until } if action.at <= until);
            drop.at <= action.at && until
        };
        let connected = (0..drops.len()).filter(|&device| !drops[device].iter().any(is_away));
        let connected: Vec<usize> = connected.collect();
        Some((*connected.choose(self.random)?, action))
    }

    /// The absences of a device, which do not overlap.
    fn drops(&mut self) -> Vec<Action> {
        let [least, most] = self.scenario.dropping.away_minutes.map(Count::get);
        let (mut drops, mut back) = (Vec::new(), None);
        for at in self.times(|phase| phase.drops_per_hour) {
            let minutes = self.random.random_range(least..=most) as f64;
            if back.is_none_or(|back| back < at) {
                let until = at + Duration::from_secs_f64(minutes * 60.0 / self.speed);
                let what = What::Drop { until };
                drops.push(Action { at, what });
                back = Some(until);
            }
        }
        drops
    }

    /// Times of random events at the rates of the phases.
    fn times(&mut self, rate: impl Fn(&Phase) -> PerHour) -> Vec<Duration> {
        let mut times = Vec::new();
        for (phase, span) in self.scenario.phases.iter().zip(self.phases) {
            // The time between two independent events; infinite at a rate of 0.
            let Ok(gaps) = Exp::new(rate(phase).0 / 3_600.0 * self.speed) else {
                continue;
            };
            let mut at = span.begins.as_secs_f64() + gaps.sample(self.random);
            while at < span.ends.as_secs_f64() {
                times.push(Duration::from_secs_f64(at));
                at += gaps.sample(self.random);
            }
        }
        times
    }

    fn bytes(&mut self) -> usize {
        let lengths = &self.scenario.lengths;
        let chosen = lengths.choose_weighted(self.random, |length| length.share.get() as f64);
        chosen.map_or(0, |length| length.bytes.get())
    }
}
