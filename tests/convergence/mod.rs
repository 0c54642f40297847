//! Convergence: a random script (an "evening") of ten users on three devices each, over the real
//! binary. They send, edit, recall, react, pin, forward, import, transfer files, moderate groups,
//! block and read, under retention policies. Devices go offline and come back, and the server is
//! stopped and killed.
//!
//! Each device keeps a [`Replica`](cairn_session::Replica), as an interactive client does. When all
//! devices are online and idle, they must agree: the devices of a user with each other and with a
//! fresh client, the members of a conversation with each other, and all of them with the messages
//! that were accepted. `cairn doctor` must find nothing, also after each kill. The run with the
//! fixed seed must perform every act successfully.
//!
//! Both runs are small by default. The seed of the second is random and printed. For larger runs:
//! `CAIRN_EVENING_SEED=7 CAIRN_EVENING_STEPS=2000 cargo test --test main evening -- --nocapture`.

mod check;
mod checker_tests;
mod play;
mod script;
mod toggles;
mod view;
mod world;

use std::sync::Arc;

use self::play::Team;
use self::script::generator;

/// Steps after the opening, by default.
const STEPS: usize = 60;

const FIXED_SEED: u64 = 7;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| {
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {value}"))
    })
}

/// Plays an evening. Returns the labels of acts that never succeeded.
async fn play(seed: u64, steps: usize) -> Vec<&'static str> {
    println!("CAIRN_EVENING_SEED={seed} CAIRN_EVENING_STEPS={steps}");
    let fail = |fault| -> Team {
        panic!("CAIRN_EVENING_SEED={seed} CAIRN_EVENING_STEPS={steps}: {fault}")
    };
    let mut team = Team::gather().await.unwrap_or_else(fail);
    let rounds = generator::evening(seed, steps);
    if let Err(fault) = team.play(rounds).await {
        fail(fault);
    }
    let world = Arc::clone(&team.world);
    println!("{} messages; {:?}", world.message_count(), world.tallies());
    if let Err(fault) = team.finish().await {
        fail(fault);
    }
    world.never_done()
}

#[tokio::test]
async fn devices_agree_after_a_fixed_evening() {
    let never_done = play(FIXED_SEED, STEPS).await;
    assert!(never_done.is_empty(), "never succeeded: {never_done:?}");
}

#[tokio::test]
async fn devices_agree_after_a_random_evening() {
    let seed = setting("CAIRN_EVENING_SEED").unwrap_or_else(rand::random);
    let steps = setting("CAIRN_EVENING_STEPS").map_or(STEPS, |steps| steps as usize);
    play(seed, steps).await;
}
