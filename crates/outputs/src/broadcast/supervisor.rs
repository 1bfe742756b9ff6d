//! The thread that brings a stream on air, sends it, and brings it back.

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::watch;

use super::backlog::Backlog;
use super::backoff::Backoff;
use super::doubt::Doubt;
use super::on_air::Anew;
use super::titles::TitleDesk;
use super::{BroadcastState, Feed, Line, Transport};
use crate::Recovery;
use crate::encode::{EncodedStream, EncoderError, Shared, Subscription};
use crate::follower::ROUND;
use crate::icecast::{Patience, SourceError, SourceSettings};

/// A connection that has lasted this long starts the back-off anew.
const LASTING: Duration = Duration::from_secs(10);
/// How long the end of a stream may take to send.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long nothing is looked at while there is nothing to send.
const IDLE: Duration = Duration::from_millis(50);
/// How often a live state is told.
const TELL: Duration = Duration::from_millis(500);

pub(super) struct Supervisor {
    transport: Box<dyn Transport>,
    source: SourceSettings,
    feed: Feed,
    told: watch::Sender<BroadcastState>,
    titles: TitleDesk,
    patience: Patience,
    anew: Anew,
    backoff: Backoff,
    /// How often it came on air.
    arrivals: u32,
    doubt: Doubt,
    /// Of the connections before this one.
    seconds_dropped: f64,
}

impl Supervisor {
    pub(super) fn new(
        transport: Box<dyn Transport>,
        source: SourceSettings,
        feed: Feed,
        told: watch::Sender<BroadcastState>,
        titles: TitleDesk,
        patience: Patience,
    ) -> Self {
        Self {
            transport,
            source,
            feed,
            told,
            titles,
            patience,
            anew: Anew::default(),
            backoff: Backoff::default(),
            arrivals: 0,
            doubt: Doubt::default(),
            seconds_dropped: 0.0,
        }
    }

    /// The same, which connects anew when that is asked for there.
    pub(super) fn connecting_anew_for(self, anew: Anew) -> Self {
        Self { anew, ..self }
    }

    /// Until asked to stop, or until only the operator can help.
    pub(super) fn run(mut self) {
        while !self.patience.has_ended() {
            let Err(error) = self.stay_on_air() else { break };
            self.titles.set_live(false);
            if self.patience.has_ended() {
                break;
            }
            let error = self.doubt.judge(error, self.arrivals > 0, Instant::now());
            tracing::warn!(host = self.source.host, mount = self.source.mount, %error, "off air");
            match error.recovery() {
                Recovery::Retry => self.wait(&error),
                Recovery::AskOperator => {
                    let certificate = error.certificate();
                    self.tell(BroadcastState::Failed {
                        reason: error.to_string(),
                        certificate,
                    });
                    self.patience.end();
                    return;
                }
            }
        }
        self.tell(BroadcastState::Off);
    }

    fn wait(&mut self, error: &SourceError) {
        let at = Instant::now() + self.backoff.wait();
        self.tell(BroadcastState::Retrying {
            reason: error.to_string(),
            attempt: self.backoff.attempt(),
            at,
        });
        while Instant::now() < at && !self.patience.has_ended() {
            thread::sleep(ROUND);
        }
    }

    /// One connection, from its first attempt to its end.
    fn stay_on_air(&mut self) -> Result<(), SourceError> {
        let line = self.transport.connect(&self.patience)?;
        let title = self.titles.title().0.unwrap_or_default();
        let stream = self.feed.join(self.source.encoder, &title)?;
        // Others may have begun earlier: what was played before is stale here.
        let subscription = stream.subscribe_live().ok_or_else(|| ended(&stream))?;
        let byte_rate = f64::from(self.source.encoder.byte_rate());
        let mut connection = Connection {
            line,
            backlog: Backlog::new(stream.stream_rate(), byte_rate),
            stream,
            subscription,
            since: None,
            acknowledged: 0,
            heard: 0,
        };
        let over = self.serve(&mut connection);
        self.seconds_dropped += connection.backlog.seconds_dropped();
        if over.is_ok() {
            connection.finish();
        }
        over
    }

    fn serve(&mut self, connection: &mut Connection) -> Result<(), SourceError> {
        let mut told = Instant::now();
        let mut title_number = self.titles.title().1;
        self.anew.take(); // what was asked of an older connection is done
        while !self.patience.has_ended() {
            if let Some(reason) = self.anew.take() {
                return Err(self.source.not_heard(reason));
            }
            connection.collect()?;
            connection.send()?;
            if connection.has_arrived() {
                self.arrivals += 1;
                self.titles.set_live(true);
                told = Instant::now() - TELL;
            }
            let (title, number) = self.titles.title();
            if number != title_number {
                title_number = number;
                // None yet: others who share the encoder may have one.
                if let Some(title) = title {
                    connection.stream.set_title(&title);
                }
                told = Instant::now() - TELL; // what was true of the old title is not of this one
            }
            if told.elapsed() >= TELL
                && let Some(since) = connection.since
            {
                told = Instant::now();
                if since.elapsed() > LASTING {
                    self.backoff.reset();
                }
                self.tell_live(connection, since);
            }
            connection.rest();
        }
        Ok(())
    }

    fn tell_live(&self, connection: &Connection, since: Instant) {
        let page = connection.line.page();
        let statistics = page.as_ref().and_then(|page| page.statistics.clone());
        self.titles.see(page);
        self.tell(BroadcastState::Live {
            since,
            bytes_acked: connection.acknowledged,
            seconds_dropped: (self.seconds_dropped + connection.backlog.seconds_dropped()) as f32,
            reconnects: self.arrivals.saturating_sub(1),
            seconds_waiting: connection.seconds_waiting() as f32,
            title: self.titles.shown(),
            statistics,
        });
    }

    fn tell(&self, state: BroadcastState) {
        self.told.send_replace(state);
    }
}

/// A stream that the server has accepted.
struct Connection {
    line: Box<dyn Line>,
    backlog: Backlog,
    stream: Shared,
    subscription: Subscription,
    /// When the first audio was acknowledged.
    since: Option<Instant>,
    acknowledged: u64,
    /// How often packets have come.
    heard: u64,
}

impl Connection {
    /// Takes what the encoder has made.
    fn collect(&mut self) -> Result<(), SourceError> {
        for packet in self
            .subscription
            .opening
            .drain(..)
            .chain(self.subscription.recent.drain(..))
        {
            self.backlog.push(packet);
        }
        loop {
            match self.subscription.packets.try_recv() {
                Ok(packet) => self.backlog.push(packet),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Lagged(packets)) => self.backlog.missed_packets(packets),
                Err(TryRecvError::Closed) => return Err(ended(&self.stream)),
            }
        }
    }

    fn send(&mut self) -> Result<(), SourceError> {
        self.backlog.limit(self.line.under_way());
        while let Some(bytes) = self.backlog.front() {
            let sent = self.line.send(bytes)?;
            if sent == 0 {
                break;
            }
            self.backlog.advance(sent);
        }
        self.acknowledged = self.line.check(!self.backlog.is_empty())?;
        Ok(())
    }

    /// Until there may be something to do.
    fn rest(&mut self) {
        if self.backlog.is_empty() {
            self.heard = self.stream.wait(self.heard, IDLE);
        } else {
            thread::sleep(ROUND); // the server does not ring when it has room again
        }
    }

    /// Sends what the encoder still held, so that a stream ends where it was stopped; one that others go on with ends
    /// with what has been made.
    fn finish(self) {
        let Self {
            mut line,
            mut backlog,
            stream,
            mut subscription,
            ..
        } = self;
        stream.leave();
        while let Ok(packet) = subscription.packets.try_recv() {
            backlog.push(packet);
        }
        let until = Instant::now() + LAST_WORDS;
        while let Some(bytes) = backlog.front()
            && Instant::now() < until
        {
            match line.send(bytes) {
                Ok(0) => thread::sleep(ROUND),
                Ok(sent) => backlog.advance(sent),
                Err(_) => return, // it is over anyway
            }
        }
    }

    /// Audio that has not arrived: waiting here, with the system, or in the network.
    fn seconds_waiting(&self) -> f64 {
        self.backlog.seconds_beyond(self.line.under_way())
    }

    /// The first audio has just been acknowledged.
    fn has_arrived(&mut self) -> bool {
        let arrived = self.since.is_none() && self.acknowledged > 0;
        if arrived {
            self.since = Some(Instant::now());
        }
        arrived
    }
}

fn ended(stream: &EncodedStream) -> SourceError {
    stream
        .fault()
        .map_or_else(|| SourceError::Encoder(EncoderError::Ended), SourceError::from)
}
