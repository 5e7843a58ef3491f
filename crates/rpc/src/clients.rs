//! What each client address has used: requests and open connections. A rate is kept as one number a client, the time at
//! which its allowance would be untouched again, so that counting a request is one atomic step.

use crate::{config::Limits, error::RpcError, limits::raise};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// A client may use the allowance of this many seconds at once.
const BURST_SECS: u64 = 2;

/// Addresses remembered before those that use nothing are forgotten.
const MAX_IDLE: usize = 16_384;

const NANOS: u64 = 1_000_000_000;

/// All clients.
pub(crate) struct Clients {
    begun: Instant,
    /// Nanoseconds that one request takes from an allowance; 0: nothing.
    cost: u64,
    requests_per_second: u64,
    count_loopback: bool,
    max_connections: usize,
    known: Mutex<HashMap<IpAddr, Arc<Used>>>,
}

/// What one client has used.
#[derive(Default)]
struct Used {
    /// When its allowance is whole again, in nanoseconds since `begun`.
    whole_at: AtomicU64,
    connections: AtomicUsize,
}

/// A client, as one of its connections knows it. The connection counts until this is dropped.
pub(crate) struct Client {
    clients: Arc<Clients>,
    /// Whether it is on this machine.
    is_local: bool,
    /// `None`: it is not counted.
    used: Option<Arc<Used>>,
}

/// Too many requests: when the next may come, and the reason in one line.
#[derive(Debug)]
pub(crate) struct TooMany {
    pub(crate) retry_secs: u64,
    pub(crate) why: String,
}

impl From<TooMany> for RpcError {
    fn from(refusal: TooMany) -> Self {
        Self::limit(refusal.why)
    }
}

impl Clients {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        let rate = limits.requests_per_second;
        Arc::new(Self {
            begun: Instant::now(),
            cost: NANOS.checked_div(rate).unwrap_or_default(),
            requests_per_second: rate,
            count_loopback: limits.count_loopback,
            max_connections: limits.max_connections_per_client,
            known: Mutex::default(),
        })
    }

    /// A new connection of a client.
    ///
    /// # Errors
    /// It has as many as it may.
    pub(crate) fn connect(self: &Arc<Self>, address: IpAddr) -> Result<Client, TooMany> {
        let address = address.to_canonical();
        if address.is_loopback() && !self.count_loopback {
            return Ok(Client { clients: self.clone(), is_local: true, used: None });
        }
        let used = {
            let mut known = self.known.lock();
            if known.len() >= MAX_IDLE {
                let now = self.now();
                known.retain(|_, used| {
                    used.connections.load(Ordering::Relaxed) > 0
                        || used.whole_at.load(Ordering::Relaxed) > now
                });
            }
            known.entry(whom(address)).or_default().clone()
        };
        let before = used.connections.fetch_add(1, Ordering::Relaxed);
        // Counted from here on, also if it is refused: dropping it takes the count back.
        let is_local = address.is_loopback();
        let client = Client { clients: self.clone(), is_local, used: Some(used) };
        if before >= self.max_connections {
            let (most, name) = (self.max_connections, "max_connections_per_client");
            let why = format!("too many connections: one client may have {most} ({name}); {}", raise(name));
            return Err(TooMany { retry_secs: 1, why });
        }
        Ok(client)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Of an IPv6 address the first 64 bits count: that is what one client is given.
fn whom(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

impl Client {
    /// Whether it is on this machine.
    pub(crate) const fn is_local(&self) -> bool {
        self.is_local
    }

    /// A caller inside this process, who is not counted.
    pub(crate) fn uncounted(clients: &Arc<Clients>) -> Self {
        Self { clients: clients.clone(), is_local: true, used: None }
    }

    /// Whether the next request may come.
    ///
    /// # Errors
    /// Its allowance is used up.
    pub(crate) fn check(&self) -> Result<(), TooMany> {
        self.take(0)
    }

    /// Takes `weight` requests from the allowance. A client that has any left may overdraw it, and then waits longer.
    ///
    /// # Errors
    /// Its allowance is used up.
    pub(crate) fn take(&self, weight: u64) -> Result<(), TooMany> {
        let Some(used) = self.used.as_ref().filter(|_| self.clients.cost > 0) else { return Ok(()) };
        let now = self.clients.now();
        let cost = self.clients.cost.saturating_mul(weight);
        let latest = now.saturating_add(BURST_SECS.saturating_mul(NANOS));
        let step = |whole_at: u64| (whole_at < latest).then(|| whole_at.max(now).saturating_add(cost));
        match used.whole_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(_) => Ok(()),
            Err(whole_at) => {
                let wait = Duration::from_nanos(whole_at.saturating_sub(latest));
                let (rate, name) = (self.clients.requests_per_second, "requests_per_second");
                metrics::counter!("bulwark_rpc_rate_limited_total").increment(1);
                Err(TooMany {
                    retry_secs: wait.as_secs().saturating_add(1),
                    why: format!(
                        "too many requests: one client may send {rate} a second ({name}); {}",
                        raise(name)
                    ),
                })
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(used) = &self.used {
            used.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(change: impl FnOnce(&mut Limits)) -> Arc<Clients> {
        let mut limits = Limits::default();
        change(&mut limits);
        Clients::new(&limits)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_allowance_is_used_up_by_one_client_alone() {
        let clients = clients(|limits| limits.requests_per_second = 1);
        let (one, other) =
            (clients.connect(address("10.0.0.1")).unwrap(), clients.connect(address("10.0.0.2")).unwrap());
        let again = clients.connect(address("10.0.0.1")).unwrap();
        one.take(60).unwrap();
        let refusal = again.take(1).unwrap_err();
        assert!((50..=60).contains(&refusal.retry_secs), "{refusal:?}");
        assert!(refusal.why.contains("1 a second (requests_per_second)") && refusal.why.contains("--limit"));
        assert!(one.check().is_err() && other.check().is_ok() && other.take(1).is_ok());
    }

    #[test]
    fn connections_are_counted_while_they_last() {
        let clients = clients(|limits| limits.max_connections_per_client = 2);
        let connect = |text| clients.connect(address(text));
        let first = connect("2001:db8::1").unwrap();
        let _second = connect("2001:db8::2").unwrap();
        assert!(connect("2001:db8::3").err().unwrap().why.contains("(max_connections_per_client)"));
        assert!(connect("2001:db8:0:1::1").is_ok());
        drop(first);
        assert!(connect("2001:db8::3").is_ok());
    }

    #[test]
    fn programs_on_this_machine_are_counted_only_if_asked() {
        for (counted, text) in [(false, "127.0.0.1"), (false, "::ffff:127.0.0.1"), (true, "::1")] {
            let clients = clients(|limits| {
                (limits.requests_per_second, limits.count_loopback) = (1, counted);
            });
            let client = clients.connect(address(text)).unwrap();
            client.take(1_000).unwrap();
            assert_eq!(client.take(1).is_err(), counted, "{text}");
        }
    }

    #[test]
    fn no_rate_means_any_number() {
        let clients = clients(|limits| limits.requests_per_second = 0);
        let client = clients.connect(address("10.0.0.1")).unwrap();
        for _ in 0..10_000 {
            client.take(1_000).unwrap();
        }
    }

    #[test]
    fn clients_that_use_nothing_are_forgotten() {
        let clients = clients(|_| {});
        let open = clients.connect(address("10.0.0.1")).unwrap();
        for number in 0..40_000u32 {
            drop(clients.connect(IpAddr::from((0x0b00_0000 + number).to_be_bytes())).unwrap());
        }
        let known = clients.known.lock();
        assert!(known.len() <= MAX_IDLE && known.contains_key(&address("10.0.0.1")));
        drop(known);
        drop(open);
    }
}
