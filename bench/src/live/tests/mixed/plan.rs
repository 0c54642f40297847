use crate::live::mixed::plan::{Action, Kind, Plan, What};
use crate::live::mixed::scenario::{DEFAULT, Scenario};
use std::path::Path;
use std::time::Duration;

const LENGTH: Duration = Duration::from_secs(54);

fn plan(seed: u64) -> (Scenario, Plan) {
    let scenario = Scenario::parse(DEFAULT, Path::new("day.toml")).unwrap();
    let plan = Plan::new(&scenario, LENGTH, seed);
    (scenario, plan)
}

#[test]
fn seed_repeats_the_day() {
    assert_eq!(plan(1).1, plan(1).1);
    assert_ne!(plan(1).1, plan(2).1);
}

#[test]
fn phases_fill_the_day() {
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
fn conversations_match_the_scenario() {
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
fn messages_match_the_scenario() {
    let (scenario, plan) = plan(1);
    let (mut said, mut shared) = (0_u32, 0_u32);
    for (device, actions) in plan.actions.iter().enumerate() {
        let person = device / scenario.devices_each.get();
        let mut back = Duration::ZERO;
        for Action { at, what } in actions {
            assert!(*at >= back && *at < LENGTH);
            match *what {
                What::Send { talk, bytes } => {
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
    // 100 people: 10 + 2.5 * 20 + 4 + 3.5 * 25 + 6 messages each, less those due while both devices
    // are offline.
    assert!((14_500..15_900).contains(&said), "{said}");
    assert!(
        (0.55..0.75).contains(&(f64::from(shared) / f64::from(said))),
        "{shared} of {said}"
    );
    assert!(plan.turns().is_sorted());
}
