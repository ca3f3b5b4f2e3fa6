//! Llama: a prompt with the template of its generation.

use bursar_domain::model::ModelId;
use serde_json::json;

use super::{Paths, Shape, without_nulls};
use crate::body::Prompt;

const PATHS: Paths = Paths {
    text: &["generation"],
    stop: &["stop_reason"],
    input: &["prompt_token_count"],
    output: &["generation_token_count"],
    ..Paths::NONE
};

pub(super) static LLAMA: Shape = Shape {
    max_tokens: &["max_gen_len"],
    reply: PATHS,
    chunk: PATHS,
    body: |model, prompt| {
        Ok(without_nulls(json!({
            "prompt": template(model, prompt),
            "max_gen_len": prompt.max_tokens,
            "temperature": prompt.temperature,
        })))
    },
    ..Shape::EMPTY
};

fn template(model: &ModelId, prompt: &Prompt<'_>) -> String {
    if model.as_str().contains("llama2") {
        let system = prompt.system.map(|text| format!("<<SYS>>\n{text}\n<</SYS>>\n\n"));
        return format!("<s>[INST] {}{} [/INST]", system.unwrap_or_default(), prompt.text);
    }
    let [open, close, end] = if model.as_str().contains("llama4") {
        ["<|header_start|>", "<|header_end|>", "<|eot|>"]
    } else {
        ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    };
    let turn = |role: &str, text: &str| format!("{open}{role}{close}\n\n{text}{end}");
    let system = prompt.system.map(|text| turn("system", text)).unwrap_or_default();
    let user = turn("user", prompt.text);
    format!("<|begin_of_text|>{system}{user}{open}assistant{close}\n\n")
}
