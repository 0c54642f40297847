//! Every subcommand, through the real binary, for people and for scripts.

mod complete;
mod files;
mod groups;
mod in_process;
mod machine;
mod people;
mod presence;
mod resume;
mod talk;
mod world;

use std::thread;

use world::World;

/// All parts share one server, and run in parallel on their own users and conversations.
#[test]
fn every_command_runs() {
    let world = World::new();
    let parts = [
        talk::all,
        groups::all,
        people::all,
        presence::all,
        files::all,
        machine::measured,
    ];
    thread::scope(|scope| {
        for part in parts {
            let world = &world;
            scope.spawn(move || part(world));
        }
    });
    machine::all(&world);
    complete::nothing_is_left_out(&world.all_done());
}
