//! What a Shoutcast source says: its password, what it is, and what is on. Each value is one line.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::icecast::request::{header_value, push_host, push_login};
use crate::icecast::{Protocol, Secret, SourceError, SourceSettings};
use crate::title::Title;

/// Who the source is: `password`, `user:password`, and behind either `:#2` for a Shoutcast 2 server's second stream.
///
/// # Errors
/// When the password would be more than one line.
pub(super) fn password(settings: &SourceSettings, secret: &Secret) -> Result<String, SourceError> {
    if secret.reveal().contains(char::is_control) {
        return Err(SourceError::Settings(
            "the password has a character that cannot be sent to a Shoutcast server; set one of letters and digits"
                .into(),
        ));
    }
    let stream = match settings.protocol {
        Protocol::Shoutcast { stream: Some(stream) } => format!(":#{stream}"),
        _ => String::new(),
    };
    Ok(format!("{}{stream}", login(settings, secret)))
}

fn login(settings: &SourceSettings, secret: &Secret) -> String {
    match settings.shoutcast_user() {
        Some(user) => format!("{user}:{}", secret.reveal()),
        None => secret.reveal().to_owned(),
    }
}

/// What the stream is, up to the empty line.
pub(super) fn introduction(settings: &SourceSettings) -> String {
    let bit_rate = settings.encoder.bit_rate.to_string();
    let lines = [
        ("icy-name", settings.name.as_str()),
        ("icy-genre", &settings.genre),
        ("icy-url", &settings.url),
        ("icy-pub", if settings.public { "1" } else { "0" }),
        ("icy-br", &bit_rate),
        ("content-type", settings.encoder.codec.content_type()),
    ];
    let lines = lines.map(|(name, value)| format!("{name}:{}\r\n", header_value(value)));
    lines.concat() + "\r\n"
}

/// The request that sets the title. Shoutcast takes the password in the address, Liquidsoap a named user in a header.
pub(crate) fn title_head(title: &Title, settings: &SourceSettings, secret: &Secret) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (pass, song) = (encode(&login(settings, secret)), encode(&title.icy()));
    let stream = match settings.protocol {
        Protocol::Shoutcast { stream: Some(stream) } => format!("&sid={stream}"),
        _ => String::new(),
    };
    let mut head = format!("GET /admin.cgi?pass={pass}&mode=updinfo{stream}&charset=UTF-8&song={song} HTTP/1.0\r\n");
    push_host(&mut head, settings);
    if let Some(user) = settings.shoutcast_user() {
        push_login(&mut head, user, secret);
    }
    head + "\r\n"
}
