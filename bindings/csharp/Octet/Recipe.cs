using System.Numerics;
using Octet.Interop;

namespace Octet;

/// <summary>Order of the channels of a pixel.</summary>
public enum PixelFormat
{
    /// <summary>Red, green, blue.</summary>
    Rgb = 0,

    /// <summary>Blue, green, red.</summary>
    Bgr = 1,

    /// <summary>Red, green, blue, alpha.</summary>
    Rgba = 2,

    /// <summary>Blue, green, red, alpha.</summary>
    Bgra = 3,

    /// <summary>One channel.</summary>
    Gray = 4,
}

/// <summary>How a picture of another shape fits the network's input.</summary>
public enum ImageFit
{
    /// <summary>The whole image to width x height.</summary>
    Stretch = 0,

    /// <summary>The shorter side to <see cref="Recipe.ShorterSide"/>, then the centre width x height.</summary>
    Crop = 1,

    /// <summary>Scaled to fit, borders filled with the mean.</summary>
    Letterbox = 2,
}

/// <summary>
/// How an image becomes a network's input: value = (pixel - mean) * normal per channel, after a bilinear resize
/// (half-pixel centres, no antialias). Stored in a quantized model.
/// </summary>
public sealed record Recipe
{
    /// <summary>Channels of the network's input.</summary>
    public PixelFormat Format { get; init; }

    /// <summary>How a picture of another shape fits.</summary>
    public ImageFit Fit { get; init; }

    /// <summary>Pixels; 0: the network input's.</summary>
    public int Width { get; init; }

    /// <summary>Pixels; 0: the network input's.</summary>
    public int Height { get; init; }

    /// <summary>Pixels, for <see cref="ImageFit.Crop"/>.</summary>
    public int ShorterSide { get; init; }

    /// <summary>Share of the picture's height that is used, from its centre: (0, 1]; 0 means 1.</summary>
    public float CenterCropHeight { get; init; }

    /// <summary>Share of the picture's width that is used, from its centre: (0, 1]; 0 means 1.</summary>
    public float CenterCropWidth { get; init; }

    /// <summary>Subtracted from the pixel, channel by channel.</summary>
    public Vector4 Mean { get; init; }

    /// <summary>What the difference is multiplied with, channel by channel.</summary>
    public Vector4 Normal { get; init; }

    /// <summary>The recipe that a JSON configuration file describes.</summary>
    /// <exception cref="OctetException">Status IO or Config.</exception>
    public static Recipe FromConfig(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Read(path, null);
    }

    /// <summary>The recipe that the JSON text of a configuration describes.</summary>
    /// <exception cref="OctetException">Status Config.</exception>
    public static Recipe FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Read(null, json);
    }

    internal static unsafe Recipe From(in q_recipe recipe) => new()
    {
        Format = (PixelFormat)recipe.format,
        Fit = (ImageFit)recipe.fit,
        Width = recipe.width,
        Height = recipe.height,
        ShorterSide = recipe.shorter_side,
        CenterCropHeight = recipe.center_crop_h,
        CenterCropWidth = recipe.center_crop_w,
        Mean = new Vector4(recipe.mean[0], recipe.mean[1], recipe.mean[2], recipe.mean[3]),
        Normal = new Vector4(recipe.normal[0], recipe.normal[1], recipe.normal[2], recipe.normal[3]),
    };

    internal unsafe void CopyTo(q_recipe* recipe)
    {
        *recipe = new q_recipe
        {
            struct_size = (uint)sizeof(q_recipe),
            format = (int)Format,
            fit = (int)Fit,
            width = Width,
            height = Height,
            shorter_side = ShorterSide,
            center_crop_h = CenterCropHeight,
            center_crop_w = CenterCropWidth,
        };
        for (int i = 0; i < 4; ++i)
        {
            recipe->mean[i] = Mean[i];
            recipe->normal[i] = Normal[i];
        }
    }

    private static unsafe Recipe Read(string? path, string? json)
    {
        using Scope scope = new();
        q_recipe recipe = new() { struct_size = (uint)sizeof(q_recipe) };
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_recipe_from_config(scope.Text(path), scope.Text(json), &recipe, &error), &error);
        return From(recipe);
    }
}
