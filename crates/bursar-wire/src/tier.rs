//! Service tiers as Bedrock spells them: a tier word and a latency word.

use bursar_domain::price::Tier;

/// The words of a tier as sent: `serviceTier.type` and `performanceConfig.latency`, or the two
/// headers. `Err` names the word that is unknown. A latency that was optimised is a price of its
/// own only at the default tier.
pub(crate) fn read_tier<'a>(
    service_tier: Option<&'a str>,
    latency: Option<&'a str>,
) -> Result<Option<Tier>, &'a str> {
    let tier = match service_tier {
        None => None,
        Some("default") => Some(Tier::Standard),
        Some("priority") => Some(Tier::Priority),
        Some("flex") => Some(Tier::Flex),
        Some("reserved") => Some(Tier::Reserved),
        Some(other) => return Err(other),
    };
    match (tier, latency) {
        (None | Some(Tier::Standard), Some("optimized")) => Ok(Some(Tier::LatencyOptimised)),
        (None, Some("standard")) => Ok(Some(Tier::Standard)),
        (tier, None | Some("standard" | "optimized")) => Ok(tier),
        (_, Some(other)) => Err(other),
    }
}

/// The word for a tier in `serviceTier.type`; `None` for what is not bought that way.
pub(crate) const fn service_tier_word(tier: Tier) -> Option<&'static str> {
    match tier {
        Tier::Standard => Some("default"),
        Tier::Priority => Some("priority"),
        Tier::Flex => Some("flex"),
        Tier::Reserved => Some("reserved"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_written_is_read_back() {
        for &tier in Tier::ALL {
            if let Some(word) = service_tier_word(tier) {
                assert_eq!(read_tier(Some(word), None), Ok(Some(tier)));
            }
        }
    }

    #[test]
    fn optimised_latency_counts_at_the_default_tier_only() {
        assert_eq!(read_tier(None, Some("optimized")), Ok(Some(Tier::LatencyOptimised)));
        assert_eq!(read_tier(Some("default"), Some("optimized")), Ok(Some(Tier::LatencyOptimised)));
        assert_eq!(read_tier(Some("flex"), Some("optimized")), Ok(Some(Tier::Flex)));
        assert_eq!(read_tier(None, Some("standard")), Ok(Some(Tier::Standard)));
        assert_eq!(read_tier(None, None), Ok(None));
    }

    #[test]
    fn an_unknown_word_is_handed_back() {
        assert_eq!(read_tier(Some("gold"), None), Err("gold"));
        assert_eq!(read_tier(Some("flex"), Some("warp")), Err("warp"));
    }
}
