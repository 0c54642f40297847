//! What happens in a day: who talks with whom, and who does what when. All of it is drawn from the seed before the day begins, so that
//! the same seed plays the same day.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};

use super::bounded::PerHour;
use super::scenario::{Phase, Scenario};

/// What happens in a day.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) talks: Vec<Talk>,
    pub(super) phases: Vec<Span>,
    /// What each device does, one thing after the other. The devices of a person stand together.
    pub(super) actions: Vec<Vec<Action>>,
    /// How many times faster than life it is played.
    pub(super) speed: f64,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Talk {
    pub(super) kind: Kind,
    /// Who is in it.
    pub(super) people: Vec<usize>,
}

/// What kind of conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SmallGroup,
    LargeGroup,
    DirectChat,
}

/// When a phase is played, since the day began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) begins: Duration,
    pub(super) ends: Duration,
}

/// What a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Action {
    /// Since the day began.
    pub(super) at: Duration,
    pub(super) what: What,
}

/// What a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It sends a text of so many bytes to a conversation.
    Say { talk: usize, bytes: usize },
    /// It reads what is old in a conversation.
    Scroll { talk: usize },
    /// It drops, and is back at a time since the day began.
    Drop { until: Duration },
}

impl Plan {
    /// Draws a day that is played in so long.
    pub(super) fn new(scenario: &Scenario, length: Duration, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let talks = talks(scenario, &mut random);
        let speed = scenario.minutes() as f64 * 60.0 / length.as_secs_f64();
        let phases = phases(scenario, speed);
        let mut actions = Vec::with_capacity(scenario.devices());
        for mine in MyTalks::of_all(scenario, &talks) {
            actions.extend(
                Draw {
                    scenario,
                    phases: &phases,
                    speed,
                    random: &mut random,
                }
                .person(&mine),
            );
        }
        Self {
            talks,
            phases,
            actions,
            speed,
        }
    }

    /// Which device does something when, in the order of time.
    pub(super) fn turns(&self) -> Vec<(Duration, usize)> {
        let of_device = |(device, actions): (usize, &Vec<Action>)| {
            actions
                .iter()
                .map(|action| (action.at, device))
                .collect::<Vec<_>>()
        };
        let mut turns: Vec<_> = self
            .actions
            .iter()
            .enumerate()
            .flat_map(of_device)
            .collect();
        turns.sort_unstable();
        turns
    }
}

fn talks(scenario: &Scenario, random: &mut StdRng) -> Vec<Talk> {
    let everybody: Vec<usize> = (0..scenario.people.get()).collect();
    let mut talks = Vec::new();
    for (kind, groups) in [
        (Kind::SmallGroup, scenario.small_groups),
        (Kind::LargeGroup, scenario.large_groups),
    ] {
        talks.extend((0..groups.count.get()).map(|_| {
            let size = random.random_range(groups.members.least..=groups.members.most);
            Talk {
                kind,
                people: everybody.sample(random, size).copied().collect(),
            }
        }));
    }
    let mut pairs: Vec<[usize; 2]> = everybody
        .iter()
        .flat_map(|&a| (a + 1..everybody.len()).map(move |b| [a, b]))
        .collect();
    let (chosen, _) = pairs.partial_shuffle(random, scenario.direct_chats.count.get());
    talks.extend(chosen.iter().map(|pair| Talk {
        kind: Kind::DirectChat,
        people: pair.to_vec(),
    }));
    talks
}

fn phases(scenario: &Scenario, speed: f64) -> Vec<Span> {
    let mut minutes = 0;
    let at = |minutes: usize| Duration::from_secs_f64(minutes as f64 * 60.0 / speed);
    let span = |phase: &Phase| {
        let begins = at(minutes);
        minutes += phase.minutes.get();
        Span {
            name: phase.name.clone(),
            begins,
            ends: at(minutes),
        }
    };
    scenario.phases.iter().map(span).collect()
}

/// The conversations of one person, by kind, with the shares of the kinds.
#[derive(Clone)]
struct MyTalks([(Vec<usize>, usize); 3]);

impl MyTalks {
    /// Those of each person.
    fn of_all(scenario: &Scenario, talks: &[Talk]) -> Vec<Self> {
        let shares = [
            scenario.small_groups.share,
            scenario.large_groups.share,
            scenario.direct_chats.share,
        ];
        let mut all =
            vec![Self(shares.map(|share| (Vec::new(), share.get()))); scenario.people.get()];
        for (at, talk) in talks.iter().enumerate() {
            talk.people
                .iter()
                .for_each(|&person| all[person].0[talk.kind as usize].0.push(at));
        }
        all
    }

    /// One of them. `None` for somebody who is in none.
    fn choose(&self, random: &mut StdRng) -> Option<usize> {
        let share = |(talks, share): &(Vec<usize>, usize)| {
            if talks.is_empty() { 0.0 } else { *share as f64 }
        };
        let (mine, _) = self.0.choose_weighted(random, share).ok()?;
        mine.choose(random).copied()
    }
}

/// Draws what one person does.
struct Draw<'a> {
    scenario: &'a Scenario,
    phases: &'a [Span],
    speed: f64,
    random: &'a mut StdRng,
}

/// While a device is away.
type Absence = (Duration, Duration);

impl Draw<'_> {
    /// What each device of the person does.
    fn person(mut self, mine: &MyTalks) -> Vec<Vec<Action>> {
        let absences: Vec<Vec<Absence>> = (0..self.scenario.devices_each.get())
            .map(|_| self.absences())
            .collect();
        let drop = |&(at, until): &Absence| Action {
            at,
            what: What::Drop { until },
        };
        let mut devices: Vec<Vec<Action>> = absences
            .iter()
            .map(|away| away.iter().map(drop).collect())
            .collect();
        for at in self.times(|phase| phase.messages_per_hour) {
            let Some(talk) = mine.choose(self.random) else {
                continue;
            };
            let bytes = self.bytes();
            self.give(
                Action {
                    at,
                    what: What::Say { talk, bytes },
                },
                &absences,
                &mut devices,
            );
        }
        for at in self.times(|phase| phase.scrolls_per_hour) {
            let Some(talk) = mine.choose(self.random) else {
                continue;
            };
            self.give(
                Action {
                    at,
                    what: What::Scroll { talk },
                },
                &absences,
                &mut devices,
            );
        }
        devices
            .iter_mut()
            .for_each(|actions| actions.sort_by_key(|action| action.at));
        devices
    }

    /// Gives the action to one of the devices that are there; to none when all are away.
    fn give(&mut self, action: Action, absences: &[Vec<Absence>], devices: &mut [Vec<Action>]) {
        let is_there = |away: &[Absence]| {
            away.iter()
                .all(|&(from, until)| action.at < from || action.at > until)
        };
        let there: Vec<usize> = absences
            .iter()
            .enumerate()
            .filter(|(_, away)| is_there(away))
            .map(|(device, _)| device)
            .collect();
        if let Some(&device) = there.choose(self.random) {
            devices[device].push(action);
        }
    }

    /// When a device is away: absences do not meet.
    fn absences(&mut self) -> Vec<Absence> {
        let away = self.scenario.dropping.away_minutes;
        let mut absences: Vec<Absence> = Vec::new();
        for at in self.times(|phase| phase.drops_per_hour) {
            let minutes = self.random.random_range(away.least..=away.most);
            if absences.last().is_none_or(|&(_, until)| until < at) {
                absences.push((
                    at,
                    at + Duration::from_secs_f64(minutes as f64 * 60.0 / self.speed),
                ));
            }
        }
        absences
    }

    /// The times of what happens at random at the rates of the phases.
    fn times(&mut self, rate: impl Fn(&Phase) -> PerHour) -> Vec<Duration> {
        let mut times = Vec::new();
        for (phase, span) in self.scenario.phases.iter().zip(self.phases) {
            let per_second = rate(phase).get() / 3_600.0 * self.speed;
            if per_second == 0.0 {
                continue;
            }
            let mut at = span.begins.as_secs_f64();
            loop {
                // The time between two things that happen independently of each other.
                at -= (1.0 - self.random.random::<f64>()).ln() / per_second;
                if at >= span.ends.as_secs_f64() {
                    break;
                }
                times.push(Duration::from_secs_f64(at));
            }
        }
        times
    }

    fn bytes(&mut self) -> usize {
        let chosen = self
            .scenario
            .lengths
            .choose_weighted(self.random, |length| length.share.get() as f64);
        chosen.map_or(0, |length| length.bytes.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const LENGTH: Duration = Duration::from_secs(54);

    fn plan(seed: u64) -> (Scenario, Plan) {
        let scenario =
            Scenario::parse(super::super::scenario::DEFAULT, Path::new("day.toml")).unwrap();
        let plan = Plan::new(&scenario, LENGTH, seed);
        (scenario, plan)
    }

    #[test]
    fn a_seed_draws_the_same_day_again() {
        assert_eq!(plan(1).1, plan(1).1);
        assert_ne!(plan(1).1, plan(2).1);
    }

    #[test]
    fn phases_follow_each_other_and_fill_the_day() {
        let (_, plan) = plan(1);
        assert_eq!(plan.speed, 600.0);
        let ends: Vec<f64> = plan
            .phases
            .iter()
            .map(|span| span.ends.as_secs_f64())
            .collect();
        assert_eq!(ends, [6.0, 21.0, 27.0, 48.0, 54.0]);
        assert!(
            plan.phases
                .windows(2)
                .all(|pair| pair[0].ends == pair[1].begins)
        );
    }

    #[test]
    fn conversations_are_as_the_scenario_says() {
        let (_, plan) = plan(1);
        let of = |kind| plan.talks.iter().filter(move |talk| talk.kind == kind);
        assert!(
            of(Kind::SmallGroup).count() == 40
                && of(Kind::SmallGroup).all(|talk| (3..=8).contains(&talk.people.len()))
        );
        assert!(
            of(Kind::LargeGroup).count() == 4
                && of(Kind::LargeGroup).all(|talk| (30..=100).contains(&talk.people.len()))
        );
        let mut pairs: Vec<_> = of(Kind::DirectChat)
            .map(|talk| talk.people.clone())
            .collect();
        pairs.sort();
        pairs.dedup();
        assert_eq!(pairs.len(), 120);
        assert!(pairs.iter().all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn people_write_where_they_are_from_devices_that_are_there_as_often_as_they_should() {
        let (scenario, plan) = plan(1);
        let (mut said, mut shared) = (0_u32, 0_u32);
        for (device, actions) in plan.actions.iter().enumerate() {
            let person = device / scenario.devices_each.get();
            let mut back = Duration::ZERO;
            for Action { at, what } in actions {
                assert!(*at >= back && *at < LENGTH);
                match *what {
                    What::Say { talk, bytes } => {
                        said += 1;
                        shared += u32::from(plan.talks[talk].kind != Kind::DirectChat);
                        assert!([40, 200, 2_000].contains(&bytes));
                        assert!(plan.talks[talk].people.contains(&person));
                    }
                    What::Scroll { talk } => assert!(plan.talks[talk].people.contains(&person)),
                    What::Drop { until } => back = until,
                }
            }
        }
        // 100 people: 10 + 2.5 * 20 + 4 + 3.5 * 25 + 6 messages each, less what both devices' absence swallows.
        assert!((14_500..15_900).contains(&said), "{said}");
        assert!(
            (0.55..0.75).contains(&(f64::from(shared) / f64::from(said))),
            "{shared} of {said}"
        );
        assert!(plan.turns().is_sorted());
    }
}
