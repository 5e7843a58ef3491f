//! File descriptors: each connection takes one, and so does each file of the database. Many systems start programs with
//! room for 1,024 and let them ask for more. So a node asks for what its limits need, and takes no more connections than
//! what it gets has room for: a node full of streams must still be able to write blocks.

use rpc::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are kept for the database, logs, webhooks, and connections that are turned away with a reason.
const KEPT: usize = 256;

/// Makes room for the connections that the limits allow, or allows fewer.
pub fn make_room(limits: &mut Limits) {
    let wanted = limits.max_connections.saturating_add(KEPT);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted_soft = u64::try_from(wanted).unwrap_or(u64::MAX);
    let mut room = current.unwrap_or(u64::MAX);
    if room < wanted_soft {
        let most = wanted_soft.min(maximum.unwrap_or(u64::MAX));
        match setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum }) {
            Ok(()) => room = most,
            Err(error) => tracing::warn!(%error, "the system gives no more file descriptors"),
        }
    }
    let fits = fitting(limits.max_connections, usize::try_from(room).unwrap_or(usize::MAX));
    if fits < limits.max_connections {
        let wanted = limits.max_connections;
        tracing::warn!(
            room,
            fits,
            wanted,
            "too few file descriptors for max_connections; raise them with ulimit -n"
        );
        limits.max_connections = fits;
    }
}

/// Connections that fit into a number of descriptors: half of them where there are few.
fn fitting(wanted: usize, room: usize) -> usize {
    let half = room.checked_div(2).unwrap_or_default();
    wanted.min(room.saturating_sub(KEPT).max(half)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_keeps_its_descriptors() {
        for (wanted, room, fits) in [
            (4_096, 1_048_576, 4_096),
            (4_096, 4_352, 4_096),
            (4_096, 1_024, 768),
            (4_096, 256, 128),
            (10, 1_024, 10),
            (5, 0, 1),
        ] {
            assert_eq!(fitting(wanted, room), fits, "{wanted} in {room}");
        }
    }
}
