package octet

// #include "shim.h"
import "C"

// PixelFormat is the order of the channels of a pixel.
type PixelFormat int32

const (
	RGB  PixelFormat = C.Q_PIXELS_RGB
	BGR  PixelFormat = C.Q_PIXELS_BGR
	RGBA PixelFormat = C.Q_PIXELS_RGBA
	BGRA PixelFormat = C.Q_PIXELS_BGRA
	Gray PixelFormat = C.Q_PIXELS_GRAY
)

// Fit says how a picture gets the size of a network's input.
type Fit int32

const (
	Stretch   Fit = C.Q_FIT_STRETCH   // the whole picture to width x height
	Crop      Fit = C.Q_FIT_CROP      // the shorter side to ShorterSide, then the centre width x height
	Letterbox Fit = C.Q_FIT_LETTERBOX // scaled to fit, borders filled with the mean
)

// Recipe says how a picture becomes a network's input: value = (pixel - Mean) * Normal for each channel, after a
// bilinear resize (half-pixel centres, no antialias). A quantized model has its own.
type Recipe struct {
	Format      PixelFormat
	Fit         Fit
	Width       int // pixels; 0: the network input's
	Height      int
	ShorterSide int
	CenterCropH float32 // (0, 1]; 0 means 1
	CenterCropW float32
	Mean        [4]float32
	Normal      [4]float32
}

// Recipe is the one that is stored in the model. The error is ErrData where it has none.
func (m *Model) Recipe() (*Recipe, error) {
	pointer, err := m.handle.acquire()
	if err != nil {
		return nil, err
	}
	defer m.handle.release()
	e := newError()
	recipe := C.q_recipe{struct_size: C.sizeof_q_recipe}
	if err := failure(C.q_model_get_recipe(pointer, &recipe, &e), &e, nil); err != nil {
		return nil, err
	}
	return goRecipe(&recipe), nil
}

// RecipeFromConfig is the recipe that a JSON configuration file describes.
func RecipeFromConfig(path string) (*Recipe, error) {
	if path == "" {
		return nil, wrongArgument("the path of the configuration is empty")
	}
	return recipeFrom(path, "")
}

// RecipeFromJSON is the recipe that the text of a JSON configuration describes.
func RecipeFromJSON(json string) (*Recipe, error) {
	return recipeFrom("", json)
}

func recipeFrom(path, json string) (*Recipe, error) {
	if err := checkABI(); err != nil {
		return nil, err
	}
	var t texts
	defer t.free()
	e := newError()
	recipe := C.q_recipe{struct_size: C.sizeof_q_recipe}
	if err := failure(C.q_recipe_from_config(t.add(path), t.add(json), &recipe, &e), &e, nil); err != nil {
		return nil, err
	}
	return goRecipe(&recipe), nil
}

func goRecipe(recipe *C.q_recipe) *Recipe {
	r := &Recipe{
		Format:      PixelFormat(recipe.format),
		Fit:         Fit(recipe.fit),
		Width:       int(recipe.width),
		Height:      int(recipe.height),
		ShorterSide: int(recipe.shorter_side),
		CenterCropH: float32(recipe.center_crop_h),
		CenterCropW: float32(recipe.center_crop_w),
	}
	for i := range r.Mean {
		r.Mean[i] = float32(recipe.mean[i])
		r.Normal[i] = float32(recipe.normal[i])
	}
	return r
}

func (r *Recipe) set(recipe *C.q_recipe) {
	*recipe = C.q_recipe{
		struct_size:   C.sizeof_q_recipe,
		format:        C.int32_t(r.Format),
		fit:           C.int32_t(r.Fit),
		width:         C.int32_t(r.Width),
		height:        C.int32_t(r.Height),
		shorter_side:  C.int32_t(r.ShorterSide),
		center_crop_h: C.float(r.CenterCropH),
		center_crop_w: C.float(r.CenterCropW),
	}
	for i := range r.Mean {
		recipe.mean[i] = C.float(r.Mean[i])
		recipe.normal[i] = C.float(r.Normal[i])
	}
}

// pointer is for a call that takes NULL as the stored recipe.
func (r *Recipe) pointer() *C.q_recipe {
	if r == nil {
		return nil
	}
	recipe := new(C.q_recipe)
	r.set(recipe)
	return recipe
}
