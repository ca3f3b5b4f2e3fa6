//! `bursar top`: what runs, what it costs and what is refused, live.

use std::io;
use std::time::Duration;

use bursar_admin::api::{self, FreezeAsk, Nothing};
use bursar_admin::{CutRequest, Recent, Selectors};
use ratatui::DefaultTerminal;
use ratatui::Terminal as Screen;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use tokio::sync::mpsc;

use crate::door::Door;
use crate::failure::{Failure, Situation};
use crate::output::Output;
use crate::settings::Settings;
use crate::terminal::Terminal;
use crate::top::{Scene, View, Wish, draw};

/// How often the ledger is read.
const READ_EVERY: Duration = Duration::from_secs(1);
/// How often the keyboard's thread looks whether anybody still listens.
const KEYS_LOOK: Duration = Duration::from_millis(100);
/// What is printed where nobody says how wide a frame is.
const COLUMNS_USUAL: u16 = 120;
const ROWS_USUAL: u16 = 30;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  bursar top --once
  bursar top --once --json

Without a flag it fills the terminal and is read anew each second. Keys: q ends, a, c and t sort by
age, cost and tokens, the arrows select, x cuts the selected call, f freezes its team; both ask
first. What ran before: `bursar usage`, `bursar calls`. What calls will cost: `bursar estimate`,
`bursar price`.")]
pub(crate) struct Top {
    /// Print one frame as text, and end
    #[arg(long)]
    once: bool,
}

impl Top {
    pub(crate) async fn run(self, settings: &Settings, output: Output) -> Result<(), Failure> {
        let terminal = Terminal::of_stdout();
        if terminal.is_none() && !self.once && !output.json {
            return Err(Failure::new(Situation::Usage, "stdout is no terminal")
                .hint("`--once` prints one frame as text, `--json` what is in it"));
        }
        let door = Door::open(settings).await?;
        if self.once || output.json {
            let recent = read(&door).await;
            door.close().await?;
            return print(&recent?, terminal, output);
        }
        let mut screen = ratatui::try_init().map_err(Failure::from)?;
        let ended = watch(&door, &mut screen).await;
        // First of all, so that whatever went wrong can be read.
        ratatui::restore();
        door.close().await?;
        ended
    }
}

async fn read(door: &Door) -> Result<Recent, Failure> {
    door.ask(&api::RECENT, Nothing {}).await
}

fn print(recent: &Recent, terminal: Option<Terminal>, output: Output) -> Result<(), Failure> {
    if output.json {
        return Ok(Output::object(recent)?);
    }
    let columns = terminal.and_then(|terminal| u16::try_from(terminal.columns).ok());
    let mut view = View::new();
    view.show(Scene::of(recent)?);
    for line in frame(&view, columns.unwrap_or(COLUMNS_USUAL), ROWS_USUAL)? {
        Output::line(line)?;
    }
    Ok(())
}

/// A screen in memory cannot fail.
fn unseen(error: std::convert::Infallible) -> Failure {
    match error {}
}

/// One frame as lines of text.
fn frame(view: &View, columns: u16, rows: u16) -> Result<Vec<String>, Failure> {
    let mut screen = Screen::new(TestBackend::new(columns, rows)).map_err(unseen)?;
    screen.draw(|frame| draw(frame, view)).map_err(unseen)?;
    let buffer = screen.backend().buffer();
    let line = |row: u16| {
        let cells = (0..columns).filter_map(|column| buffer.cell((column, row)));
        cells.map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
    };
    Ok((0..rows).map(line).collect())
}

/// Reads, draws and obeys until somebody ends it.
async fn watch(door: &Door, screen: &mut DefaultTerminal) -> Result<(), Failure> {
    let (pressed, mut keys) = mpsc::channel(16);
    tokio::task::spawn_blocking(move || listen(&pressed));
    let mut view = View::new();
    let mut beat = tokio::time::interval(READ_EVERY);
    loop {
        tokio::select! {
            _ = beat.tick() => view.show(Scene::of(&read(door).await?)?),
            key = keys.recv() => match key {
                None => return Ok(()),
                Some(None) => {}
                Some(Some(key)) => match view.press(key) {
                    Wish::Quit => return Ok(()),
                    wish => obey(door, &mut view, wish).await,
                },
            },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        screen.draw(|frame| draw(frame, &view)).map_err(Failure::from)?;
    }
}

/// Hands on keys as they are pressed; nothing, where the terminal has another size.
fn listen(pressed: &mpsc::Sender<Option<KeyEvent>>) -> io::Result<()> {
    while !pressed.is_closed() {
        if !event::poll(KEYS_LOOK)? {
            continue;
        }
        let news = match event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Press => Some(key),
            Event::Resize(..) => None,
            _ => continue,
        };
        if pressed.blocking_send(news).is_err() {
            break;
        }
    }
    Ok(())
}

/// Does what was confirmed, and says how that went.
async fn obey(door: &Door, view: &mut View, wish: Wish) {
    let done = match wish {
        Wish::Nothing | Wish::Quit => return,
        Wish::Cut(id) => {
            let reason = "cut in `bursar top`".to_owned();
            let request = CutRequest { ids: vec![id.clone()], reason, ..CutRequest::default() };
            door.ask(&api::CUT, request).await.map(|_| format!("{id} is to be cut"))
        }
        Wish::Freeze(team) => {
            let select = Selectors { team: Some(team.clone()), ..Selectors::default() };
            let ask = FreezeAsk { select, reason: "frozen in `bursar top`".to_owned() };
            let frozen = door.ask(&api::FREEZE, ask).await;
            frozen.map(|_| format!("team {team} is frozen; `bursar thaw --team {team}` ends that"))
        }
    };
    view.note = done.unwrap_or_else(|failure| failure.message);
}
