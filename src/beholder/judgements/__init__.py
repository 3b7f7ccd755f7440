"""How well a metric agrees with people, on plain arrays: no pictures, files or networks."""

from beholder.judgements.active_sampling import information_gains, pick_pair, pick_tree, scale_posterior
from beholder.judgements.answer_likelihoods import Likelihood, answer_likelihoods
from beholder.judgements.bootstrap import Interval, grouped_interval, influence_interval, mean_interval
from beholder.judgements.correlations import Correlations, correlate, kendall, pearson, spearman
from beholder.judgements.dependent_correlations import (
    CorrelationTest,
    compare_correlations,
    steiger_test,
    williams_test,
)
from beholder.judgements.jnd import average_precision, precision_and_recall
from beholder.judgements.logistic import Logistic, fit_logistic
from beholder.judgements.paired import PairedDifference, compare_paired, fewest_rows, signed_rank_test
from beholder.judgements.power import (
    agreement_spread,
    design_effect,
    scale_half_width,
    share_half_width,
    votes_for_scale,
    votes_for_share,
)
from beholder.judgements.psychometric import PsychometricFit, fit_psychometric, psychometric
from beholder.judgements.quest_plus import Believed, QuestPlus
from beholder.judgements.reliability import alpha_of_votes, krippendorff_alpha
from beholder.judgements.roc import (
    PairwiseROC,
    pairwise_roc,
    preference_auc,
    preference_influences,
    weighted_auc,
)
from beholder.judgements.scaling import ScaleValues, scale_values, scale_values_by_observer
from beholder.judgements.screening import (
    CatchTrials,
    Quickness,
    Screened,
    catch_trials,
    quick_answers,
    screen_observers,
)
from beholder.judgements.testing import Comparison, compare_means, holm, sign_flip_test, swap_test
from beholder.judgements.threshold_power import threshold_half_width, votes_for_threshold
from beholder.judgements.told_apart import GroupedROC, RatedPairs, grouped_roc, pair_up
from beholder.judgements.twoafc import agreements, human_ceilings, twoafc_score

__all__ = [
    "Believed",
    "CatchTrials",
    "Comparison",
    "CorrelationTest",
    "Correlations",
    "GroupedROC",
    "Interval",
    "Likelihood",
    "Logistic",
    "PairedDifference",
    "PairwiseROC",
    "PsychometricFit",
    "QuestPlus",
    "Quickness",
    "RatedPairs",
    "ScaleValues",
    "Screened",
    "agreement_spread",
    "agreements",
    "alpha_of_votes",
    "answer_likelihoods",
    "average_precision",
    "catch_trials",
    "compare_correlations",
    "compare_means",
    "compare_paired",
    "correlate",
    "design_effect",
    "fewest_rows",
    "fit_logistic",
    "fit_psychometric",
    "grouped_interval",
    "grouped_roc",
    "holm",
    "human_ceilings",
    "influence_interval",
    "information_gains",
    "kendall",
    "krippendorff_alpha",
    "mean_interval",
    "pair_up",
    "pairwise_roc",
    "pearson",
    "pick_pair",
    "pick_tree",
    "precision_and_recall",
    "preference_auc",
    "preference_influences",
    "psychometric",
    "quick_answers",
    "scale_half_width",
    "scale_posterior",
    "scale_values",
    "scale_values_by_observer",
    "screen_observers",
    "share_half_width",
    "sign_flip_test",
    "signed_rank_test",
    "spearman",
    "steiger_test",
    "swap_test",
    "threshold_half_width",
    "twoafc_score",
    "votes_for_scale",
    "votes_for_share",
    "votes_for_threshold",
    "weighted_auc",
    "williams_test",
]
