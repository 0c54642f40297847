//! Every subcommand, run through the real binary with text and JSON output.

mod complete;
mod desk;
mod files;
mod groups;
mod in_process;
mod machine;
mod people;
mod pipes;
mod presence;
mod resume;
mod talk;
pub mod world;

use std::thread;

use world::World;

/// The parts share one server, and run concurrently with users and conversations of their own.
#[test]
fn every_command_runs() {
    let world = World::new();
    let parts = [
        talk::all,
        groups::all,
        people::all,
        presence::all,
        files::all,
        desk::all,
        machine::measured,
        crate::search::command::every_command,
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
