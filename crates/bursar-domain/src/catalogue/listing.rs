//! One model as the catalogue lists it.

use crate::closed_set;
use crate::table::{Line, items, sources};
use crate::time::Timestamp;

closed_set! {
    /// What a model is for.
    Modality {
        /// Text in, text out, often with images.
        Chat = "chat",
        /// Makes or edits images.
        Image = "image",
        /// Turns its input into vectors.
        Embedding = "embedding",
        /// Speech.
        Audio = "audio",
        /// Makes or reads video.
        Video = "video",
        /// Orders documents by a query.
        Rerank = "rerank",
    }
}

closed_set! {
    /// Where a model is in its life, as Bedrock's own list has it.
    LifecycleStatus {
        /// Offered.
        Active = "ACTIVE",
        /// Offered to those who use it, until its end of life.
        Legacy = "LEGACY",
        /// Gone.
        EndOfLife = "END_OF_LIFE",
        /// Not in Bedrock's list: retired, in preview, or elsewhere.
        NotListed = "NOT_LISTED",
    }
}

/// A model. `None` means that no source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The base id.
    pub id: &'static str,
    /// Who made it, for people: `Anthropic`, `AI21 Labs` …
    pub provider: &'static str,
    /// The family, such as `claude-sonnet`.
    pub family: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// What it is for.
    pub modality: Modality,
    /// What it takes: `text`, `image` …
    pub input_modalities: Option<Vec<&'static str>>,
    /// What it gives.
    pub output_modalities: Option<Vec<&'static str>>,
    /// Input and output together, in tokens.
    pub context_window: Option<u64>,
    /// What to know about the context window.
    pub context_note: Option<&'static str>,
    /// The most it generates in one answer, in tokens.
    pub max_output_tokens: Option<u64>,
    /// Whether it streams.
    pub streaming: Option<bool>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it sees images.
    pub vision: Option<bool>,
    /// Whether it caches prompts.
    pub prompt_cache: Option<bool>,
    /// The shortest prefix that it caches, in tokens.
    pub prompt_cache_min_tokens: Option<u64>,
    /// Whether it reasons before it answers.
    pub reasoning: Option<bool>,
    /// Its life.
    pub lifecycle: Lifecycle,
    /// Its cross-region profiles.
    pub profiles: Vec<Profile>,
    /// Geographies of profiles that some list without proof.
    pub profiles_unconfirmed: Option<Vec<&'static str>>,
    /// Whether it can be called by its base id at all.
    pub in_region_supported: Option<bool>,
    /// The regions in which it can be called by its base id.
    pub in_region_on_demand: Option<Vec<&'static str>>,
    /// Whether Bedrock Runtime serves it.
    pub on_runtime: Option<bool>,
    /// Whether the `OpenAI`-compatible endpoint serves it.
    pub on_mantle: Option<bool>,
    /// Other ids of the same model.
    pub aliases: Vec<&'static str>,
    /// Whether the embedded price book has a price for it.
    pub is_priced: bool,
    /// Where all this comes from.
    pub sources: Vec<&'static str>,
}

/// A model's life so far, and to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// Where it is.
    pub status: LifecycleStatus,
    /// The day it came.
    pub launch: Option<Timestamp>,
    /// Who says so.
    pub launch_source: Option<&'static str>,
    /// The day it became, or becomes, legacy.
    pub legacy_from: Option<Timestamp>,
    /// The day from which its provider may charge more.
    pub public_extended_access_from: Option<Timestamp>,
    /// The day it goes.
    pub end_of_life: Option<Timestamp>,
    /// What to know about these days.
    pub note: Option<&'static str>,
    /// Where they come from.
    pub sources: Vec<&'static str>,
}

/// A cross-region profile of a model: its id is the geography, a dot, and the base id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// `us`, `eu`, `us-gov`, `global` …
    pub geography: &'static str,
    /// Who lists it.
    pub sources: Vec<&'static str>,
}

/// Where calls to a profile go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRoute {
    /// `us`, `eu`, `global` …
    pub geography: &'static str,
    /// The regions from which it can be called.
    pub from: Vec<&'static str>,
    /// The regions that may serve such a call; `None` for any commercial region.
    pub to: Option<Vec<&'static str>>,
}

impl ProfileRoute {
    pub(super) fn read(mut line: Line) -> Option<Self> {
        Some(Self { geography: line.text()?, from: line.list()??, to: line.list()? })
    }
}

impl Model {
    /// Reads the columns in their order in the table.
    pub(super) fn read(mut line: Line) -> Option<Self> {
        let (provider, family) = (line.text()?, line.text()?);
        let (display_name, modality) = (line.text()?, line.text()?.parse().ok()?);
        let (input_modalities, output_modalities) = (line.list()?, line.list()?);
        let (context_window, max_output_tokens) = (line.number()?, line.number()?);
        let prompt_cache_min_tokens = line.number()?;
        let (can, offered) = line.text()?.split_at_checked(5)?;
        let [streaming, tools, vision, prompt_cache, reasoning] = flags(can)?;
        let [in_region_supported, on_runtime, on_mantle, is_priced] = flags(offered)?;
        Some(Self {
            id: line.key,
            provider,
            family,
            display_name,
            modality,
            input_modalities,
            output_modalities,
            context_window,
            max_output_tokens,
            prompt_cache_min_tokens,
            streaming,
            tools,
            vision,
            prompt_cache,
            reasoning,
            in_region_supported,
            on_runtime,
            on_mantle,
            is_priced: is_priced?,
            context_note: line.optional()?,
            lifecycle: Lifecycle::read(&mut line)?,
            profiles: items(line.text()?).into_iter().map(profile).collect::<Option<_>>()?,
            profiles_unconfirmed: line.list()?,
            in_region_on_demand: line.list()?,
            aliases: line.list()??,
            sources: line.sources()?,
        })
    }

    /// Whether Bedrock has ended it by a time, as far as its dates tell.
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        match self.lifecycle.end_of_life {
            Some(end) => end <= at,
            None => self.lifecycle.status == LifecycleStatus::EndOfLife,
        }
    }
}

impl Lifecycle {
    fn read(line: &mut Line) -> Option<Self> {
        Some(Self {
            status: line.text()?.parse().ok()?,
            launch: line.day()?,
            launch_source: line.optional()?,
            legacy_from: line.day()?,
            public_extended_access_from: line.day()?,
            end_of_life: line.day()?,
            note: line.note()?,
            sources: line.sources()?,
        })
    }
}

/// `us:0012,0034`
fn profile(item: &'static str) -> Option<Profile> {
    let (geography, numbers) = item.split_once(':')?;
    Some(Profile { geography, sources: sources(numbers)? })
}

/// One letter for each yes, no or unknown.
fn flags<const COUNT: usize>(text: &str) -> Option<[Option<bool>; COUNT]> {
    let flags: Vec<_> = text.bytes().map(|byte| (byte != b'?').then_some(byte == b'y')).collect();
    flags.try_into().ok()
}
