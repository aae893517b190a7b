"""The paper: transceiver, VAE, MMVAE and their objectives, and the models beside them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attending": ["AttendingEncoder", "AttendingRecipe"],
        "contrastive": ["Contrastive"],
        "fast_attention": ["fold_attention"],
        "heads": ["HEADS", "ParameterHead"],
        "likelihoods": ["Laplace", "LowRankNormal"],
        "mmvae": ["MMVAE"],
        "objectives": ["elbo", "importance_log_weights", "info_nce", "iwae", "stratified_samples"],
        "predictive": ["PredictiveMMVAE"],
        "recipes": ["RECIPES", "Recipe"],
        "registry": ["ARCHITECTURES", "MODELS", "Architecture", "new_model", "recipe_for"],
        "regressor": ["JointRegressor", "Regressor"],
        "inspection": ["parameter_table", "trace"],
        "transceiver": ["CrossAttention", "TransceiverDecoder", "TransceiverEncoder"],
        "vae": ["VAE", "standard_laplace"],
        "weights": ["SavedModel", "load_model", "save_model"],
    },
)
