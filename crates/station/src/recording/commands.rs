//! What operators ask of recorders: one of them, or all together.

use tokio::sync::oneshot;

use super::recorder::RecorderDesk;
use super::triggers::Starter;
use super::{Answer, RECORDERS_MAX, check};
use crate::api::{CommandError, ErrorCode, Event, RecorderId, RecordingSettings, Reply};
use crate::station::Core;

impl Core {
    pub(crate) fn add_recorder(&mut self, settings: RecordingSettings) -> Result<RecorderId, CommandError> {
        check(&settings)?;
        if self.recorders.desks.len() >= RECORDERS_MAX {
            return Err(CommandError {
                code: ErrorCode::Invalid,
                message: format!("there are {RECORDERS_MAX} recorders, and no more can be; take one away first"),
            });
        }
        let id = self.recorders.add(settings);
        self.recorders.desk(id)?.look();
        self.tell_recorder(id);
        Ok(id)
    }

    pub(crate) fn remove_recorder(&mut self, id: RecorderId) -> Result<(), CommandError> {
        let desk = self.recorders.desk(id)?;
        if !desk.is_settled() {
            let message = format!("{} is recording; stop it first", desk.settings().name);
            let code = ErrorCode::AlreadyRunning;
            return Err(CommandError { code, message });
        }
        self.recorders.desks.retain(|desk| desk.id != id);
        self.tell(Event::RecorderRemoved(id));
        Ok(())
    }

    /// Sets one, or the first. What it records now goes on as it began.
    pub(crate) fn set_recorder(
        &mut self,
        id: Option<RecorderId>,
        settings: RecordingSettings,
    ) -> Result<(), CommandError> {
        check(&settings)?;
        let first = self.recorders.desks.first().map(|desk| desk.id);
        let Some(id) = id.or(first) else {
            return self.add_recorder(settings).map(drop);
        };
        self.recorders.desk(id)?.set(settings);
        self.tell_recorder(id);
        Ok(())
    }

    /// Starts one, or all that "record" starts; `answer` hears what came of it.
    pub(crate) fn start_recorders(&mut self, id: Option<RecorderId>, answer: Answer) {
        let startable = self.desk.check().and_then(|()| self.startable(id));
        let ids = match startable {
            Ok(ids) => ids,
            Err(error) => {
                // Whoever asked may have gone.
                let _ = answer.send(Err(error));
                return;
            }
        };
        for (id, answer) in ids.iter().zip(gather(answer, ids.len())) {
            self.start_recorder(*id, Starter::Hand, Some(answer));
        }
    }

    /// Those of the chosen that do not record yet.
    fn startable(&mut self, id: Option<RecorderId>) -> Result<Vec<RecorderId>, CommandError> {
        let mut busy = None;
        let mut ids = Vec::new();
        for id in self.recorders.chosen(id) {
            match self.recorders.desk(id)?.busy() {
                None => ids.push(id),
                Some(error) => busy = busy.or(Some(error)),
            }
        }
        match (ids.is_empty(), busy) {
            (false, _) => Ok(ids),
            (true, Some(error)) => Err(error),
            (true, None) => Err(CommandError {
                code: ErrorCode::Invalid,
                message: "no recorder is started by the record button; set one so, or add a recorder".into(),
            }),
        }
    }

    pub(super) fn start_recorder(&mut self, id: RecorderId, starter: Starter, answer: Option<Answer>) {
        let Ok(settings) = self.recorders.desk(id).map(|desk| desk.settings().clone()) else {
            return;
        };
        let (feeds, strips) = self.feeds(&settings);
        if let Ok(desk) = self.recorders.desk(id) {
            desk.start(feeds, strips, starter, answer);
        }
        self.tell_recorder(id);
    }

    /// Stops one, or all that record; `answer` hears when their files are whole.
    pub(crate) fn stop_recorders(&mut self, id: Option<RecorderId>, answer: Answer) {
        let running = |desk: &&RecorderDesk| !desk.is_settled();
        let mut ids: Vec<RecorderId> = match id {
            Some(id) => vec![id],
            None => self
                .recorders
                .desks
                .iter()
                .filter(running)
                .map(|desk| desk.id)
                .collect(),
        };
        if ids.is_empty() {
            // The first one says that nothing is being recorded.
            ids.extend(self.recorders.desks.first().map(|desk| desk.id));
        }
        let missing = ids.is_empty() || id.is_some_and(|id| self.recorders.desk(id).is_err());
        if missing {
            let message = "nothing is being recorded; start a recording first".into();
            // Whoever asked may have gone.
            let _ = answer.send(Err(CommandError {
                code: ErrorCode::NotRunning,
                message,
            }));
            return;
        }
        for (id, answer) in ids.iter().zip(gather(answer, ids.len())) {
            if let Ok(desk) = self.recorders.desk(*id) {
                desk.stop(answer);
            }
            self.tell_recorder(*id);
        }
    }

    /// Goes on in new files: one recorder, or all that record.
    pub(crate) fn split_recorders(&mut self, id: Option<RecorderId>) -> Result<(), CommandError> {
        let split = match id {
            Some(id) => usize::from(self.recorders.desk(id)?.split()),
            None => self.recorders.desks.iter().filter(|desk| desk.split()).count(),
        };
        if split > 0 {
            return Ok(());
        }
        Err(CommandError {
            code: ErrorCode::NotRunning,
            message: "nothing is being recorded that could go on in a new file; start a recording first".into(),
        })
    }
}

/// One answer for as many as have to be heard: the first refusal, else that it is done.
fn gather(answer: Answer, count: usize) -> Vec<Answer> {
    if count == 1 {
        return vec![answer];
    }
    let (senders, heard): (Vec<Answer>, Vec<_>) = (0..count).map(|_| oneshot::channel()).unzip();
    tokio::spawn(async move {
        let mut all = Ok(Reply::Done);
        for one in heard {
            // Without an answer the station ends.
            all = all.and(one.await.unwrap_or(Ok(Reply::Done)));
        }
        // Whoever asked may have gone.
        let _ = answer.send(all);
    });
    senders
}
