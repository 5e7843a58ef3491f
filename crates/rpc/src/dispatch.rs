//! From the text of a request to the text of its answer: JSON-RPC 2.0, single or batch. The members of a batch run
//! concurrently, so that transactions of one batch share a block; their answers keep the order of the requests.

use crate::{
    clients::Client,
    config::{Limits, Mode},
    context::Context,
    debug, dev,
    error::RpcError,
    eth,
    json::Reply,
    meters::{Meter, Meters},
    method::{Access, Look, Method, Pending, Run, Together},
    net, ots,
    params::Params,
    request::{self, Request},
    restake,
    server::origin::Trust,
    socket::Socket,
    subscriptions::{self, Task},
    trace, txpool, web3,
};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Instant,
};

/// Members of a batch answered between two chances for other connections.
const BATCH_SLICE: usize = 64;

/// Requests that one which computes counts as.
const HEAVY_WEIGHT: u64 = 5;

/// The methods of this build, by namespace.
const NAMESPACES: &[&[Method]] = &[
    eth::blocks::METHODS,
    eth::state::METHODS,
    eth::transactions::METHODS,
    eth::execute::METHODS,
    eth::simulate::METHODS,
    eth::many::METHODS,
    eth::fill::METHODS,
    eth::node::METHODS,
    eth::receipts::METHODS,
    eth::logs::METHODS,
    eth::fees::METHODS,
    eth::sign::METHODS,
    subscriptions::METHODS,
    net::METHODS,
    web3::METHODS,
    txpool::METHODS,
    debug::traces::METHODS,
    debug::raw::METHODS,
    debug::ranges::METHODS,
    trace::sealed::METHODS,
    trace::calls::METHODS,
    trace::filter::METHODS,
    ots::blocks::METHODS,
    ots::transactions::METHODS,
    ots::search::METHODS,
    restake::METHODS,
    restake::position::METHODS,
    restake::operators::METHODS,
    restake::services::METHODS,
    restake::risk::METHODS,
    restake::slashes::METHODS,
    restake::preview::METHODS,
    restake::subscribe::METHODS,
    dev::mining::METHODS,
    dev::time::METHODS,
    dev::state::METHODS,
    dev::tokens::METHODS,
    dev::impersonation::METHODS,
    dev::next::METHODS,
    dev::past::METHODS,
    dev::pool::METHODS,
    dev::node::METHODS,
    dev::refused::METHODS,
];

/// Who asks, over what.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    pub(crate) trust: &'a Trust,
    pub(crate) client: &'a Client,
    /// The connection, if it can carry notifications.
    pub(crate) socket: Option<&'a Arc<Socket>>,
}

/// The text of an answer; empty if nothing is to be said. The subscriptions deliver once it is on its way.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) text: Vec<u8>,
    pub(crate) started: Vec<Task>,
}

/// All methods, ready to run.
pub(crate) struct Dispatcher {
    context: Arc<Context>,
    methods: HashMap<&'static str, (Method, Meter)>,
    meters: Meters,
}

/// A method that has been started.
enum Started {
    Done(Reply, Option<Task>),
    Pending(Pending),
    /// To be run with the others of its batch.
    Together(Together),
}

/// A batch under way.
#[derive(Default)]
struct Batch<'a> {
    /// By request: its id, and the reply as soon as there is one.
    replies: Vec<(&'a str, Reply)>,
    running: FuturesUnordered<BoxFuture<'a, Vec<(usize, Reply)>>>,
    /// By method: those that run as one.
    together: BTreeMap<&'static str, (Together, Vec<Member<'a>>)>,
}

/// A request that runs with others of its kind.
struct Member<'a> {
    slot: usize,
    begun: Instant,
    meter: &'a Meter,
    params: Params<'a>,
}

impl<'a> Batch<'a> {
    fn set(&mut self, slot: usize, reply: Reply) {
        if let Some((_, place)) = self.replies.get_mut(slot) {
            *place = reply;
        }
    }

    /// The replies, when all are there.
    async fn finish(mut self, context: &Arc<Context>) -> Vec<(&'a str, Reply)> {
        for (run, members) in std::mem::take(&mut self.together).into_values() {
            let params: Vec<Params<'_>> = members.iter().map(|member| member.params).collect();
            let pending = run(context, &params);
            self.running.push(Box::pin(async move {
                let replies = pending.await;
                let answered = members.into_iter().zip(replies).map(|(member, reply)| {
                    member.meter.record(member.begun, reply.is_ok());
                    (member.slot, reply)
                });
                answered.collect()
            }));
        }
        while let Some(answered) = self.running.next().await {
            for (slot, reply) in answered {
                self.set(slot, reply);
            }
        }
        self.replies
    }
}

/// What a request takes from its client's allowance: those that compute take more.
const fn weight(run: Run) -> u64 {
    match run {
        Run::Heavy(_) => HEAVY_WEIGHT,
        Run::Now(_) | Run::Wait(_) | Run::Together(_) | Run::Socket(_) => 1,
    }
}

fn no_answer() -> Reply {
    Err(RpcError::internal("the request got no answer"))
}

/// The names of all methods.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMESPACES.iter().copied().flatten().map(|method| method.name)
}

/// A method that only looks, by name.
pub(crate) fn look(name: &str) -> Option<Look> {
    let method = NAMESPACES.iter().copied().flatten().find(|method| method.name == name)?;
    match method.run {
        Run::Now(look) | Run::Heavy(look) => Some(look),
        Run::Wait(_) | Run::Together(_) | Run::Socket(_) => None,
    }
}

/// The namespaces that a node of this mode offers anything of.
pub(crate) fn namespaces(mode: &Mode) -> BTreeSet<&'static str> {
    let offered = |method: &&Method| matches!(mode, Mode::Dev { .. }) || method.access == Access::Open;
    let all = NAMESPACES.iter().copied().flatten().filter(offered);
    all.filter_map(|method| method.name.split('_').next()).collect()
}

impl Dispatcher {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let meters = Meters::new();
        let methods = NAMESPACES
            .iter()
            .copied()
            .flatten()
            .map(|method| (method.name, (*method, Meter::of(method.name))));
        Self { methods: methods.collect(), meters, context }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.context.limits
    }

    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Answers the body of a request.
    pub(crate) async fn answer(&self, body: &[u8], session: Session<'_>) -> Answer {
        if request::is_batch(body) {
            return self.batch(body, session).await;
        }
        let mut answer = Answer::default();
        match request::read(body) {
            Ok(request) => {
                let Some(id) = request.id else { return answer };
                let begun = Instant::now();
                let meter = self.meter(&request.method);
                let reply = match self.start(&request, session) {
                    Started::Done(reply, task) => {
                        answer.started.extend(task);
                        reply
                    }
                    Started::Pending(pending) => pending.await,
                    Started::Together(run) => {
                        let params = Params::new(request.params.map(RawValue::get));
                        let replies = run(&self.context, &[params]).await;
                        replies.into_iter().next().unwrap_or_else(no_answer)
                    }
                };
                meter.record(begun, reply.is_ok());
                self.write(&mut answer.text, id.get(), &reply);
            }
            Err(error) => {
                self.meters.malformed.increment(1);
                self.write(&mut answer.text, "null", &Err(error));
            }
        }
        answer
    }

    async fn batch(&self, body: &[u8], session: Session<'_>) -> Answer {
        let mut answer = Answer::default();
        let entries = match request::read_batch(body, self.limits().max_batch) {
            Ok(entries) => entries,
            Err(error) => {
                self.meters.malformed.increment(1);
                self.write(&mut answer.text, "null", &Err(error));
                return answer;
            }
        };
        let mut batch = Batch::default();
        for (index, entry) in entries.into_iter().enumerate() {
            if index.checked_rem(BATCH_SLICE) == Some(0) && index > 0 {
                tokio::task::yield_now().await;
            }
            let request = match request::read(entry.get().as_bytes()) {
                Ok(request) => request,
                Err(error) => {
                    self.meters.malformed.increment(1);
                    batch.replies.push(("null", Err(error)));
                    continue;
                }
            };
            if let Some(id) = request.id {
                answer.started.extend(self.begin(&mut batch, id.get(), &request, session));
            }
        }
        let replies = batch.finish(&self.context).await;
        self.write_batch(&mut answer.text, &replies);
        answer
    }

    /// Starts a member of a batch. Returns the subscription that it announces.
    fn begin<'a>(
        &'a self,
        batch: &mut Batch<'a>,
        id: &'a str,
        request: &Request<'a>,
        session: Session<'_>,
    ) -> Option<Task> {
        let begun = Instant::now();
        let meter = self.meter(&request.method);
        let slot = batch.replies.len();
        batch.replies.push((id, no_answer()));
        match self.start(request, session) {
            Started::Done(reply, task) => {
                meter.record(begun, reply.is_ok());
                batch.set(slot, reply);
                return task;
            }
            Started::Pending(pending) => batch.running.push(Box::pin(async move {
                let reply = pending.await;
                meter.record(begun, reply.is_ok());
                vec![(slot, reply)]
            })),
            Started::Together(run) => {
                batch.together.entry(meter.method).or_insert_with(|| (run, Vec::new())).1.push(Member {
                    slot,
                    begun,
                    meter,
                    params: Params::new(request.params.map(RawValue::get)),
                });
            }
        }
        None
    }

    fn meter(&self, method: &str) -> &Meter {
        self.methods.get(method).map_or(&self.meters.unknown, |(_, meter)| meter)
    }

    fn start(&self, request: &Request<'_>, session: Session<'_>) -> Started {
        let Some((method, _)) = self.methods.get(request.method.as_ref()) else {
            let refused = session.client.take(1).err().map(RpcError::from);
            let error = refused.unwrap_or_else(|| RpcError::unknown_method(&request.method));
            return Started::Done(Err(error), None);
        };
        if let Err(error) = self.admit(method, session.trust) {
            return Started::Done(Err(error), None);
        }
        if let Err(refusal) = session.client.take(weight(method.run)) {
            return Started::Done(Err(refusal.into()), None);
        }
        let params = Params::new(request.params.map(RawValue::get));
        match method.run {
            Run::Now(run) => match run(&self.context, params) {
                Err(error) if error.is_for_worker() => match session.client.take(HEAVY_WEIGHT) {
                    Ok(()) => self.on_worker(run, params),
                    Err(refusal) => Started::Done(Err(refusal.into()), None),
                },
                reply => Started::Done(reply, None),
            },
            Run::Wait(run) => Started::Pending(run(&self.context, params)),
            Run::Together(run) => Started::Together(run),
            Run::Heavy(run) => self.on_worker(run, params),
            Run::Socket(run) => match session.socket {
                None => Started::Done(Err(RpcError::no_notifications()), None),
                Some(socket) => match run(&self.context, params, socket) {
                    Ok((id, task)) => Started::Done(Ok(id), task),
                    Err(error) => Started::Done(Err(error), None),
                },
            },
        }
    }

    /// Starts a computation on a thread for it.
    fn on_worker(&self, run: Look, params: Params<'_>) -> Started {
        let context = self.context.clone();
        let text = params.text().map(str::to_owned);
        let work = move || run(&context, Params::new(text.as_deref()));
        let context = self.context.clone();
        Started::Pending(Box::pin(async move { context.workers.run(work).await }))
    }

    /// Who may call what (`decisions.md` 65 to 67).
    fn admit(&self, method: &Method, trust: &Trust) -> Result<(), RpcError> {
        let does = match method.access {
            Access::Open => return Ok(()),
            Access::Keys => "signs with keys that the node holds",
            Access::Control => "changes time, mining or state",
        };
        let name = method.name;
        if matches!(self.context.mode, Mode::Node) {
            let why = format!("{name} {does}, which only `bulwark dev` and `bulwark demo` offer");
            return Err(RpcError::refused(why));
        }
        match trust {
            Trust::Full => Ok(()),
            Trust::Foreign(origin) => Err(RpcError::refused(format!(
                "{name} {does}, which pages of {origin} may not ask for; start the node with --allow-origin {origin} \
                 if they should"
            ))),
        }
    }

    fn write(&self, out: &mut Vec<u8>, id: &str, reply: &Reply) {
        match reply {
            Ok(result) if result.bytes().len() <= self.limits().max_response_bytes => {
                out.reserve(result.bytes().len().saturating_add(64));
                out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(b",\"result\":");
                out.extend_from_slice(result.bytes());
                out.push(b'}');
            }
            Ok(_) => self.write(out, id, &Err(RpcError::too_large(self.limits().max_response_bytes))),
            Err(error) => {
                out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
                out.extend_from_slice(id.as_bytes());
                out.extend_from_slice(b",\"error\":");
                // Numbers and strings: this cannot fail.
                let _ = serde_json::to_writer(&mut *out, error);
                out.push(b'}');
            }
        }
    }

    /// The answers in the order of the requests. Once the bound is reached, the others are told so.
    fn write_batch(&self, out: &mut Vec<u8>, replies: &[(&str, Reply)]) {
        let most = self.limits().max_response_bytes;
        for (id, reply) in replies {
            out.push(if out.is_empty() { b'[' } else { b',' });
            let size = reply.as_ref().map_or(0, |result| result.bytes().len());
            if out.len().saturating_add(size) > most {
                self.write(out, id, &Err(RpcError::too_large(most)));
            } else {
                self.write(out, id, reply);
            }
        }
        if !out.is_empty() {
            out.push(b']');
        }
    }
}
