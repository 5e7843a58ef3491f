//! From the text of a request to the text of its answer: JSON-RPC 2.0, single or batch. The members of a batch run
//! concurrently, so that transactions of one batch share a block; their answers keep the order of the requests.

use crate::{
    config::{Limits, Mode},
    context::Context,
    dev,
    error::RpcError,
    eth,
    json::Reply,
    meters::{Meter, Meters},
    method::{Access, Method, Pending, Run},
    net,
    params::Params,
    restake,
    server::origin::Trust,
    socket::Socket,
    subscriptions::{self, Task},
    txpool, web3,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::HashMap, fmt, sync::Arc, time::Instant};

/// Members of a batch answered between two chances for other connections.
const BATCH_SLICE: usize = 64;

/// The methods of this build, by namespace.
const NAMESPACES: &[&[Method]] = &[
    eth::blocks::METHODS,
    eth::state::METHODS,
    eth::transactions::METHODS,
    eth::execute::METHODS,
    eth::logs::METHODS,
    eth::fees::METHODS,
    eth::sign::METHODS,
    subscriptions::METHODS,
    net::METHODS,
    web3::METHODS,
    txpool::METHODS,
    restake::METHODS,
    dev::METHODS,
];

/// Who asks, over what.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    pub(crate) trust: &'a Trust,
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

/// A request as it stands in the text.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// Tells `"id": null` from no id.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A method that has been started.
enum Started {
    Done(Reply, Option<Task>),
    Pending(Pending),
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
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'[') {
            return self.batch(body, session).await;
        }
        let mut answer = Answer::default();
        match read(body) {
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
        let entries = match read_batch(body, self.limits().max_batch) {
            Ok(entries) => entries,
            Err(error) => {
                self.meters.malformed.increment(1);
                self.write(&mut answer.text, "null", &Err(error));
                return answer;
            }
        };
        let mut replies: Vec<Option<(&str, Reply)>> = Vec::with_capacity(entries.len());
        let running = FuturesUnordered::new();
        for (index, entry) in entries.into_iter().enumerate() {
            if index.checked_rem(BATCH_SLICE) == Some(0) && index > 0 {
                tokio::task::yield_now().await;
            }
            let request = match read(entry.get().as_bytes()) {
                Ok(request) => request,
                Err(error) => {
                    self.meters.malformed.increment(1);
                    replies.push(Some(("null", Err(error))));
                    continue;
                }
            };
            let Some(id) = request.id else { continue };
            let begun = Instant::now();
            let meter = self.meter(&request.method);
            match self.start(&request, session) {
                Started::Done(reply, task) => {
                    meter.record(begun, reply.is_ok());
                    answer.started.extend(task);
                    replies.push(Some((id.get(), reply)));
                }
                Started::Pending(pending) => {
                    let slot = replies.len();
                    replies.push(None);
                    running.push(async move {
                        let reply = pending.await;
                        meter.record(begun, reply.is_ok());
                        (slot, id.get(), reply)
                    });
                }
            }
        }
        running
            .for_each(|(slot, id, reply)| {
                if let Some(place) = replies.get_mut(slot) {
                    *place = Some((id, reply));
                }
                std::future::ready(())
            })
            .await;
        self.write_batch(&mut answer.text, &replies);
        answer
    }

    fn meter(&self, method: &str) -> &Meter {
        self.methods.get(method).map_or(&self.meters.unknown, |(_, meter)| meter)
    }

    fn start(&self, request: &Request<'_>, session: Session<'_>) -> Started {
        let Some((method, _)) = self.methods.get(request.method.as_ref()) else {
            return Started::Done(Err(RpcError::unknown_method(&request.method)), None);
        };
        if let Err(error) = self.admit(method, session.trust) {
            return Started::Done(Err(error), None);
        }
        let params = Params::new(request.params.map(RawValue::get));
        match method.run {
            Run::Now(run) => Started::Done(run(&self.context, params), None),
            Run::Wait(run) => Started::Pending(run(&self.context, params)),
            Run::Heavy(run) => {
                let context = self.context.clone();
                let text = params.text().map(str::to_owned);
                let work = move || run(&context, Params::new(text.as_deref()));
                let context = self.context.clone();
                Started::Pending(Box::pin(async move { context.workers.run(work).await }))
            }
            Run::Socket(run) => match session.socket {
                None => Started::Done(Err(RpcError::no_notifications()), None),
                Some(socket) => match run(&self.context, params, socket) {
                    Ok((id, task)) => Started::Done(Ok(id), task),
                    Err(error) => Started::Done(Err(error), None),
                },
            },
        }
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
    fn write_batch(&self, out: &mut Vec<u8>, replies: &[Option<(&str, Reply)>]) {
        let most = self.limits().max_response_bytes;
        for (id, reply) in replies.iter().flatten() {
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

fn read(text: &[u8]) -> Result<Request<'_>, RpcError> {
    let request: Request<'_> = serde_json::from_slice(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            RpcError::invalid_request("invalid request: a request has jsonrpc, id, method and params")
        }
        _ => RpcError::parse(),
    })?;
    if request.jsonrpc.as_deref() != Some("2.0") {
        return Err(RpcError::invalid_request("invalid request: jsonrpc must be \"2.0\""));
    }
    match request.id.map(|id| id.get().as_bytes().first()) {
        None | Some(Some(b'"' | b'-' | b'0'..=b'9' | b'n')) => Ok(request),
        Some(_) => {
            Err(RpcError::invalid_request("invalid request: the id must be a string, a number or null"))
        }
    }
}

/// Stops at the bound instead of collecting a batch that will be refused anyway.
struct Entries {
    most: usize,
}

impl<'de> de::Visitor<'de> for Entries {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a batch of requests")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if entries.len() >= self.most {
                while seq.next_element::<de::IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
            entries.push(entry);
        }
        Ok(Some(entries))
    }
}

fn read_batch(body: &[u8], most: usize) -> Result<Vec<&RawValue>, RpcError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let entries = deserializer.deserialize_seq(Entries { most }).map_err(|_| RpcError::parse())?;
    deserializer.end().map_err(|_| RpcError::parse())?;
    match entries {
        None => Err(RpcError::invalid_request(format!("batch too large: the limit is {most} requests"))),
        Some(entries) if entries.is_empty() => Err(RpcError::invalid_request("empty batch")),
        Some(entries) => Ok(entries),
    }
}
